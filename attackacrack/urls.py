from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.views.generic import RedirectView

from attackacrack.first_page import news


def signed_in(request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
    """In place of the admin's own sign-in, which would take a password alone and count no wrong one."""
    return redirect("admin:index")


def own_password(request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
    """In place of the admin's own page, which counts no wrong password."""
    return redirect("account_change_password")


admin.site.login = secure_admin_login(signed_in)
admin.site.password_change = own_password

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/news/", admin.site.admin_view(news.view), name="first_page_news"),
    path("admin/", admin.site.urls),
    path("accounts/", include("attackacrack.sign_in.urls")),
    path("", include("contacts.urls")),
    path("", include("quickbooks_integration.urls")),
]
