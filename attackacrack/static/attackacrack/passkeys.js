// Says what allauth only writes to the console: the browser gave no passkey.
document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.getElementById("passkey-failed").hidden = false;
});
