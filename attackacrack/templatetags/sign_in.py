from django import forms, template
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES

register = template.Library()


@register.filter
def in_the_themes_look(form: forms.BaseForm) -> forms.BaseForm:
    """The same form; its fields carry the theme's classes, and labels instead of words inside the fields."""
    for field in form.fields.values():
        is_box = isinstance(field.widget, forms.CheckboxInput)
        field.widget.attrs["class"] = " ".join(CHECKBOX_CLASSES if is_box else INPUT_CLASSES)
        field.widget.attrs.pop("placeholder", None)
    return form
