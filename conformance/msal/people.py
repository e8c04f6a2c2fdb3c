"""A person at the sign-in page: follows the link, fills in the form, and is sent back."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests


class Form(HTMLParser):
    """The only form of a page."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self.inputs = None, {}, []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input":
            self.inputs.append(attributes["name"])
            if attributes.get("type") == "hidden":
                self.fields[attributes["name"]] = attributes["value"]


def sign_in(url, user, password=None):
    """Sends the person back, and returns the address with what the program is told."""
    browser = requests.Session()
    page = browser.get(url, allow_redirects=False, timeout=30)
    if page.status_code == 303:
        return page.headers["location"]
    assert page.status_code == 200, page.text
    form = Form(page.text)
    assert {"username", "password"} <= set(form.inputs), page.text
    answers = {"username": user["upn"], "password": password or user["password"], "step": "password"}
    back = browser.post(
        urljoin(url, form.action), data={**form.fields, **answers}, allow_redirects=False, timeout=30,
        headers={"origin": "{0.scheme}://{0.netloc}".format(urlsplit(url)), "sec-fetch-site": "same-origin"},
    )
    if back.status_code == 303:
        return back.headers["location"]
    # response_mode=form_post: the answer is a form of its own, which a script sends on.
    assert back.status_code == 200, back.text
    form = Form(back.text)
    return f"{form.action}?{urlencode(form.fields)}"


def sign_in_for_device(url, code, user, step="password"):
    """Types the code that a device shows, and signs in or cancels; what the last page says."""
    browser = requests.Session()
    origin = {"origin": "{0.scheme}://{0.netloc}".format(urlsplit(url)), "sec-fetch-site": "same-origin"}
    page = browser.get(url, timeout=30)
    assert page.status_code == 200, page.text
    form = Form(page.text)
    page = browser.post(
        urljoin(url, form.action), data={**form.fields, "user_code": code}, headers=origin, timeout=30,
    )
    assert page.status_code == 200, page.text
    assert code in page.text, page.text
    form = Form(page.text)
    answers = {"username": user["upn"], "password": user["password"], "step": step}
    page = browser.post(urljoin(url, form.action), data={**form.fields, **answers}, headers=origin, timeout=30)
    assert page.status_code == 200, page.text
    return page.text


def parameters(url):
    """Those of a redirect."""
    return dict(parse_qsl(urlsplit(url).query))
