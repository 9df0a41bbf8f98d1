"""Accounts and groups in the admin. The office invites people and gives them roles; what goes beyond its own rights is
an administrator's."""

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextInputWidget,
)

from attackacrack.sign_in import invitations, second_factor, sessions

for model in (User, Group):
    admin.site.unregister(model)


class _OneEmailEach:
    """Links that set passwords go to the e-mail: it belongs to one account."""

    def clean_email(self) -> str:
        # Allauth looks for it in small letters.
        email = self.cleaned_data["email"].strip().lower()  # type: ignore[attr-defined]
        others = User.objects.exclude(pk=self.instance.pk)  # type: ignore[attr-defined]
        if email and others.filter(email__iexact=email).exists():
            raise forms.ValidationError("Another account has this e-mail.")
        return email


class PersonForm(_OneEmailEach, UserChangeForm):
    pass


class NewPersonForm(_OneEmailEach, forms.ModelForm):
    """Without a password: who is invited chooses one."""

    class Meta:
        model = User
        fields = ("username", "email", "first_name", "last_name", "groups")
        widgets: ClassVar[dict[str, Any]] = {
            "username": UnfoldAdminTextInputWidget,
            "email": UnfoldAdminEmailInputWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].help_text = "The invitation goes there."
        self.fields["groups"].help_text = "What the person may see and do."

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        self.instance.set_unusable_password()
        return super().save(commit)


def is_within_reach(giver: Any, user: User) -> bool:
    """Whoever manages this account gains no right by it. An inactive account counts with what it could do again."""
    theirs = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return giver.is_superuser or (not user.is_superuser and _names(theirs) <= giver.get_all_permissions())


def groups_to_give(giver: Any) -> list[int]:
    """Keys of the groups that can do nothing that the giver cannot."""
    has = giver.get_all_permissions()
    return [group.pk for group in Group.objects.all() if _names(group.permissions.all()) <= has]


def _names(permissions: QuerySet[Permission]) -> set[str]:
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions.select_related("content_type")}


@admin.register(User)
class PersonAdmin(DjangoUserAdmin, ModelAdmin):
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    add_form_template = None  # the usual one, which has room for our button
    filter_horizontal = ("user_permissions",)
    list_display = (
        "username",
        "first_name",
        "last_name",
        "email",
        "roles",
        "has_second_factor",
        "is_active",
        "last_login",
    )
    list_filter = ("is_active", "groups")
    list_per_page = 50
    add_fieldsets = ((None, {"fields": (("username", "email"), ("first_name", "last_name"), "groups")}),)
    office_fieldsets = (
        (None, {"fields": (("username", "email"), ("first_name", "last_name"), "groups", "is_active")}),
    )
    actions_submit_line = ("send_invitation",)
    actions = ("remove_second_factor",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        counted = Authenticator.objects.filter(user=OuterRef("pk"), type__in=second_factor.COUNTED)
        return super().get_queryset(request).annotate(second_factor=Exists(counted)).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        is_for_office = obj is not None and not request.user.is_superuser
        return self.office_fieldsets if is_for_office else super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who may change where a colleague's links go could work under the colleague's name: administrators only, once
        somebody has signed in with the account."""
        fields = super().get_readonly_fields(request, obj)
        is_in_use = obj is not None and obj.last_login is not None and not request.user.is_superuser
        return (*fields, "email") if is_in_use else fields

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "groups" and not request.user.is_superuser:
            options["queryset"] = Group.objects.filter(pk__in=groups_to_give(request.user))
        if db_field.name == "groups":
            options["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        return super().formfield_for_manytomany(db_field, request, **options)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or is_within_reach(request.user, obj))

    def has_invite_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """The theme asks with a key; None for an account that is being added."""
        return self.has_change_permission(request, User.objects.filter(pk=object_id).first() if object_id else None)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Their names stand in the history: an account that is not wanted any more is made inactive."""
        return bool(request.user.is_superuser) and super().has_delete_permission(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        before = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        user = self.get_object(request, unquote(id))
        if before is not None and user is not None and user.password != before.password:
            get_adapter().send_notification_mail("account/email/password_changed", user)
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            # Allauth's copies: a link for a new password must not go to the old address.
            EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()

    @action(description="Save and send invitation", permissions=["invite"])
    def send_invitation(self, request: HttpRequest, obj: User) -> None:
        request.invited = obj  # type: ignore[attr-defined]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the button that the theme shows for accounts that are there already."""
        context = {"actions_submit_line": self.get_actions_submit_line(request, 0)} | (extra_context or {})
        return self._then_invite(request, super().add_view(request, form_url, context))

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._then_invite(request, super().change_view(request, *args, **options))

    def _then_invite(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """After the transaction of the page: the mail server may be slow, and a link must not go to nobody."""
        user = getattr(request, "invited", None)
        if user is None:
            return response
        try:
            invitations.send(request, user)
        except invitations.NotSent as reason:
            messages.error(request, str(reason))
        else:
            messages.success(request, f"The invitation for {user} went to {user.email}.")
        return response

    @admin.action(description="Take the second factor away", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For somebody who lost the telephone and the recovery codes."""
        for user in queryset:
            if not self.has_change_permission(request, user):
                messages.error(request, f"The second factor of {user} is an administrator's business. It was left.")
                continue
            removed, _ = Authenticator.objects.filter(user=user).delete()
            # The office's own page stays open: it says what was done.
            sessions.end(user.pk, kept=request.session.session_key)
            if removed:
                get_adapter().send_notification_mail("attackacrack/second_factor_removed", user)
            self.log_change(request, user, "Second factor taken away")
            messages.success(request, f"{user} signs in with the password alone now, and is asked to set up a new one.")

    @display(description="Roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or (
            "administrator" if user.is_superuser else "none"
        )

    @display(description="Second factor", boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return user.second_factor  # type: ignore[attr-defined]


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    list_per_page = 50
