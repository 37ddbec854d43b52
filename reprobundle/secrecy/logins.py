"""What is sent to log in, whatever the service: private keys, passwords in addresses, headers and files of programs."""

from __future__ import annotations

import re

from reprobundle.secrecy.rule import URL, Rule, named, rule

URL_PASSWORD = URL + r"[^\s:/@\"'<>{}$\\]{0,100}:((?:[^\s/\"'<>{}\\%]|%[0-9A-Fa-f]{2}){6,200})@(?=[A-Za-z0-9\[])"
SLASHES = ("://", ":\\/\\/", ":\\\\/\\\\/")  # as JSON may write them, and JSON within JSON
FORTY_LETTERS = r"[A-Za-z0-9+/=]{40}"

LOGINS: tuple[Rule, ...] = (
    named("private-key", ("private key", "putty-user-key", "age-secret-key"),
          r"-{4,5} ?BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}(?:[^-]{1,200}|-(?!---)){1,400}"
          r"(?:-{4,5} ?END [A-Z0-9 ]{3,40}-{4,5})?"
          r"|PuTTY-User-Key-File-[23]:(?:(?!PuTTY-User)[\s\S]){64,8000}?Private-MAC: [0-9a-f]{40,64}"
          r"|AGE-SECRET-KEY-1[A-Z0-9]{58}", looks="key",
          starts=("----begin ", "---- begin ", "putty-user-key", "age-secret-key"), lead=1, value=FORTY_LETTERS),
    rule("jwt", "eyJ",
         r"(?<![\w-])eyJ[\w-]{13,4000}\.(?:(?:eyJ(?!zdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6Ikpva)|ewo|ew0K|eyA)[\w-]{4,16000}\.[\w-]{20,2000}"
         r"|[\w-]{0,2000}\.[\w-]{11,64}\.[\w-]{16,16000}\.[\w-]{16,200})"),
    named("url-password", ("://", "\\/\\"), URL_PASSWORD, starts=SLASHES, until="@"),
    named("url-token", "://", r"://([A-Za-z0-9_-]{20,100})(?::x-oauth-basic)?@[A-Za-z0-9]", looks="mixed", until="@"),
    named("authorization", "auth",
          r"authorization\\{0,3}[\"']?\]?\s{0,3}[:=,]\s{0,3}\\{0,3}[fbr]{0,2}[\"']?(?:bearer|token|basic)\s([A-Za-z0-9._~+/-]{16,2000}={0,2})",
          flags=re.IGNORECASE, starts=("authorization",)),
    named("session-cookie", "cookie",
          r"cookie\\{0,3}[\"']?\s{0,3}[:=,]\s{0,3}\\{0,3}[\"']?[^\n\"']{0,200}?(?<![A-Za-z0-9])(?:session|sid|auth)\w{0,12}=([\w%.+/~-]{20,500})",
          looks="drawn", flags=re.IGNORECASE),
    named("netrc", "passw",
          r"(?:machine\s{1,9}\S{1,100}|default)\s{1,9}login\s{1,9}\S{1,100}\s{1,9}(?:account\s{1,9}\S{1,100}\s{1,9})?"
          r"password\s{1,9}([^\s\"']{5,200})", starts=("machine", "default"), until="login"),
    named("registry-login", "auth",
          r"(?:\bauth\\{0,3}[\"']\s{0,3}:\s{0,3}\\{0,3}[\"']|\b_auth[ \t]{0,3}=[ \t]{0,3}[\"']?)([A-Za-z0-9+/]{16,2000}={0,2})",
          looks="login", lead=1),
    named("npm-password", "passw",
          r"(?<![A-Za-z0-9]):?_password[ \t]{0,3}=[ \t]{0,3}[\"']?([A-Za-z0-9+/]{12,300}={0,2})(?![\w-])", looks="mixed", starts=("_password",), lead=1),
    named("command-password", "sshpass curl docker mysql",
          r"(?:sshpass[ \t]{1,3}-p[ \t]{0,3}|curl\b[^\n]{0,200}?[ \t]-u[ \t]{1,3}[\"']?[\w.@-]{1,60}:"
          r"|docker[ \t]{1,3}login\b[^\n]{0,200}?[ \t](?:-p[ \t]{0,3}|--password[ \t=]{1,3})"
          r"|mysql(?:dump|admin)?[ \t][^\n]{0,200}?(?<=[ \t])-p)[\"']?([^\s\"'$\\]{6,100})",
          looks="drawn"),
)  # fmt: skip
