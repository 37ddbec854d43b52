"""Keys and tokens of services, by the letters that the services begin them with, or the name they are given to."""

from __future__ import annotations

import re

from reprobundle.secrecy.rule import TRACKER_KEY, WHOLE_WORD, Rule, named, rule, word

SERVICES: tuple[Rule, ...] = (
    rule("hub-token", "hf_ api_org_", WHOLE_WORD + r"(?:(?:hf_|api_org_)[A-Za-z0-9]{30,48}(?![A-Za-z0-9])|hf_oauth_[A-Za-z0-9._-]{30,2000})"),
    rule("aws-access-key", "AKIA ASIA ABIA ACCA", word(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}")),
    rule("aws-bedrock-key", "ABSK", r"(?<![\w-])ABSK[A-Za-z0-9+/]{80,300}={0,2}"),
    rule("aws-session-token", "IQoJ FwoGZXIvYXdz FQoGZXIvYXdz AQoDYXdz AQoJb3JpZ2lu",
         r"(?<![\w+/-])(?:IQoJb3JpZ2lu|AQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AQoDYXdz)(?:[A-Za-z0-9+/]|%2[BbFf]){80,4000}(?:=|%3[Dd]){0,2}"),
    named(
        "aws-secret-key", "aws secret_access secretaccess",
        r"(?:aws|secret_?access_?key)[\w.\-]{0,30}\\{0,3}[\"']?\]?\s{0,3}[:=,]\s{0,3}\\{0,3}[\"']?"
        r"([0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])", looks="mixed", flags=re.IGNORECASE, by_name=True,
        value=r"[0-9A-Za-z/+]{40}",
    ),
    rule("google-key", "AIza GOCSPX- ya29. 1//0",
          r"(?<![\w-])(?:AIza[\w-]{35}|GOCSPX-[\w-]{28}|ya29\.[\w-]{30,500}|1//0[\w-]{40,250})(?![\w-])"),
    named("google-service-account", "private_key_id",
          r"private_key_id\\{0,3}[\"']\s{0,3}:\s{0,3}\\{0,3}[\"']([0-9a-f]{40})", looks="any", value="[0-9a-f]{40}"),
    rule("azure-key", "AccountKey= SharedAccessKey= sig=",
          r"(?:(?:AccountKey|SharedAccessKey)=|(?:[?&]|&amp;|u0026)sig=)([A-Za-z0-9+/%]{40,120}={0,2})"),
    rule("azure-secret", "Q~", r"(?<![\w~.-])([A-Za-z0-9_~.]{3}\dQ~[\w~.-]{31,34})(?![\w~.-])"),
    rule("github-token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
          word(r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{50,251}")),
    rule("gitlab-token", "GR1348941 glpat- gldt- glft- glsoat- glrt- glptt- gloas- glcbt- glimt- glagent-",
          r"(?<![\w-])gl(?:pat|dt|ft|soat|rt|ptt|oas|cbt|imt|agent)-[\w.-]{20,300}|(?<![\w-])GR1348941[\w-]{20,30}"),
    rule("slack-token", "xox xapp- hooks.slack.com",
          r"(?<![\w-])(?:xox[abeoprs]-[A-Za-z0-9-]{20,200}|xoxd-[A-Za-z0-9%+/=-]{30,400}|xapp-\d-[A-Za-z0-9-]{20,200})"
          r"|hooks\.slack\.com/(?:services/T\w{6,30}/B\w{6,30}/\w{16,60}|(?:workflows|triggers)/T?\w{6,30}/\w{6,30}/[\w/]{16,90})"),
    rule("openai-key", "sk- T3BlbkFJ",
          r"(?<![\w-])sk-(?:(?:proj|svcacct|admin|None)-[\w-]{40,300}|[A-Za-z0-9]{32,64}|or-v1-[0-9a-f]{64}|[\w-]{8,100}T3BlbkFJ[\w-]{16,100})(?![\w-])"),
    rule("anthropic-key", "sk-ant-", r"(?<![\w-])sk-ant-[\w-]{32,300}"),
    named("wandb-key", "wandb",
         rf"wandb(?:{TRACKER_KEY}|(?:\.|\s{{1,3}})login\b[^\n]{{0,80}}?(?<![0-9a-z]))(?:local-)?([0-9a-f]{{40}})(?![0-9a-f])",
         flags=re.IGNORECASE, by_name=True, value="[0-9A-Fa-f]{40}"),
    rule("wandb-token", "wandb_v1_", word(r"wandb_v1_[A-Za-z0-9_]{40,200}")),
    named("comet-key", "comet", rf"comet{TRACKER_KEY}([A-Za-z0-9]{{25}})(?![A-Za-z0-9])", flags=re.IGNORECASE, by_name=True,
          value="[A-Za-z0-9]{25}"),
    rule("neptune-token", "eyJhcGlfYWRkcmVzcy", r"eyJhcGlfYWRkcmVzcy[A-Za-z0-9+/_-]{40,2000}={0,2}"),
    rule("databricks-token", "dapi dose", word(r"(?:dapi|dose)[0-9a-f]{32}(?:-\d)?")),
    named("kaggle-key", "kaggle username kgat_",
          rf"(?:kaggle{TRACKER_KEY}|username\\{{0,3}}[\"']\s{{0,3}}:\s{{0,3}}\\{{0,3}}[\"'][\w-]{{1,60}}\\{{0,3}}[\"']\s{{0,3}},"
          r"\s{0,20}\\{0,3}[\"']key\\{0,3}[\"']\s{0,3}:\s{0,3}\\{0,3}[\"']|KGAT_|"
         r"(?<![\w-])key\\{0,3}[\"']\s{0,3}:\s{0,3}\\{0,3}[\"'](?=[0-9a-f]{32}\\{0,3}[\"']\s{0,3},\s{0,20}\\{0,3}[\"']username))"
          r"([0-9a-f]{32})(?![0-9a-f])",
          flags=re.IGNORECASE, value="[0-9A-Fa-f]{32}", starts=("kaggle", "username", "kgat_", "key")),
    rule("replicate-token", "r8_", word(r"r8_[A-Za-z0-9]{37}")),
    rule("nvidia-key", "nvapi-", r"(?<![\w-])nvapi-[\w-]{50,100}"),
    rule("groq-key", "gsk_", word(r"gsk_[A-Za-z0-9]{48,60}")),
    rule("pypi-token", "pypi-AgE", r"(?<![\w-])pypi-AgE[\w-]{40,500}"),
    rule("npm-token", "npm_",
          r"(?:(?<![A-Za-z0-9_])(npm_[A-Za-z0-9]{36})(?![A-Za-z0-9_]))"),
    named("npm-login", "auth", r"_authToken[ \t]{0,3}=\s{0,3}[\"']?([^\s\"'$]{16,300})", starts=("_authtoken",)),
    rule("docker-token", "dckr_", r"(?<![\w-])dckr_[op]at_[\w-]{27,60}"),
    rule("stripe-key", "sk_live_ rk_live_ sk_test_ rk_test_ whsec_",
         word(r"[rs]k_(?:live|test)_[A-Za-z0-9]{24,200}|whsec_[A-Za-z0-9+/]{30,80}")),
    rule("sendgrid-key", "SG.", r"(?<![\w.-])SG\.[\w-]{22}\.[\w-]{43}(?![\w-])"),
    rule("telegram-token", ":AA", r"(?:(?<![\w:/])|(?<=/bot))\d{8,10}:AA[\w-]{33}(?![\w-])"),
    rule("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", word(r"do[opr]_v1_[0-9a-f]{64}")),
    rule("model-service-key", "xai- pplx- lsv2_ pcsk_ rpa_ fw_",
         word(r"xai-[A-Za-z0-9]{60,100}|pplx-[A-Za-z0-9]{40,60}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"
              r"|pcsk_[A-Za-z0-9_]{50,90}|rpa_[A-Za-z0-9]{40,60}|fw_[A-Za-z0-9]{22,30}"), looks="drawn"),
    rule("vault-token", "hvs. hvb. .atlasv1. dp.",
         r"(?<![\w.-])(?:hv[sb]\.[\w-]{60,300}|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,80}|dp\.(?:pt|st|ct|sa)\.[\w.-]{40,70})"
         r"(?![\w-])"),
    rule("monitoring-token", "glsa_ glc_ sntrys_",
         word(r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{60,300}={0,2}|sntrys_[A-Za-z0-9+/=_]{60,300}")),
    rule("shop-token", "shpat_ shpss_ shpca_ shppa_ sq0csp- sq0atp-",
         word(r"shp(?:at|ss|ca|pa)_[0-9a-f]{32}|sq0(?:csp|atp)-[\w-]{22,43}")),
    rule("workspace-token", "lin_api_ ntn_ secret_ pat",
         word(r"lin_api_[A-Za-z0-9]{40}|ntn_[A-Za-z0-9]{43,50}|secret_[A-Za-z0-9]{43}|pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
         looks="drawn"),
    named("discord-token", "discord",
         r"discord(?:app)?\.com/api/webhooks/\d{16,20}/[\w-]{60,80}"
         r"|discord[\w.\-]{0,30}\\{0,3}[\"']?\]?\s{0,3}[:=,(]\s{0,3}\\{0,3}[\"']?([\w-]{24,28}\.[\w-]{6}\.[\w-]{27,40})"
         r"(?![\w-])", flags=re.IGNORECASE, value=r"[\w-]{27}"),
    rule("discord-bot", "M N O", r"(?<![\w.-])[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w.-])", looks="user",
         value=r"\.[\w-]{6}\.[\w-]{27}"),
    rule("mail-key", "key- -us", r"(?<![\w-])(?:key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2})(?![\w-])", looks="drawn"),
    rule("twilio-key", "SK", r"(?<![\w-])SK[0-9a-f]{32}(?![\w-])", looks="drawn"),
)  # fmt: skip
