"""Languages as people write them in file names, read as BCP 47 tags, and named for people."""

from __future__ import annotations

import re

UNKNOWN = "und"  # RFC 5646 4.1: the language is not known

# ISO 639-1 code, ISO 639-2 codes (terminological / bibliographic), names; the first name is the one we show.
_TABLE = """
aa aar Afar
ab abk Abkhazian
af afr Afrikaans
ak aka Akan
am amh Amharic
an arg Aragonese
ar ara Arabic,العربية
as asm Assamese
av ava Avaric
ay aym Aymara
az aze Azerbaijani
ba bak Bashkir
be bel Belarusian
bg bul Bulgarian,Български
bi bis Bislama
bm bam Bambara
bn ben Bengali,Bangla
bo bod/tib Tibetan
br bre Breton
bs bos Bosnian
ca cat Catalan,Català,Valencian
ce che Chechen
co cos Corsican
cs ces/cze Czech,Čeština
cv chv Chuvash
cy cym/wel Welsh,Cymraeg
da dan Danish,Dansk
de deu/ger German,Deutsch
dv div Divehi
dz dzo Dzongkha
ee ewe Ewe
el ell/gre Greek,Ελληνικά
en eng English
eo epo Esperanto
es spa Spanish,Español,Castellano,Castilian
et est Estonian,Eesti
eu eus/baq Basque,Euskara
fa fas/per Persian,Farsi
ff ful Fulah
fi fin Finnish,Suomi
fj fij Fijian
fo fao Faroese
fr fra/fre French,Français
fy fry Western Frisian,Frisian
ga gle Irish,Gaeilge
gd gla Scottish Gaelic
gl glg Galician,Galego
gn grn Guarani
gu guj Gujarati
gv glv Manx
ha hau Hausa
he heb Hebrew
hi hin Hindi
hr hrv/scr Croatian,Hrvatski
ht hat Haitian
hu hun Hungarian,Magyar
hy hye/arm Armenian
ia ina Interlingua
id ind Indonesian,Bahasa Indonesia
ig ibo Igbo
is isl/ice Icelandic,Íslenska
it ita Italian,Italiano
iu iku Inuktitut
ja jpn Japanese,日本語
jv jav Javanese
ka kat/geo Georgian
kk kaz Kazakh
kl kal Kalaallisut,Greenlandic
km khm Khmer
kn kan Kannada
ko kor Korean,한국어
ku kur Kurdish
kw cor Cornish
ky kir Kyrgyz,Kirghiz
la lat Latin
lb ltz Luxembourgish
lg lug Ganda
ln lin Lingala
lo lao Lao
lt lit Lithuanian,Lietuvių
lv lav Latvian,Latviešu
mg mlg Malagasy
mi mri/mao Maori
mk mkd/mac Macedonian
ml mal Malayalam
mn mon Mongolian
mr mar Marathi
ms msa/may Malay
mt mlt Maltese
my mya/bur Burmese
nb nob Norwegian Bokmål,Bokmål
ne nep Nepali
nl nld/dut Dutch,Nederlands,Flemish
nn nno Norwegian Nynorsk,Nynorsk
no nor Norwegian,Norsk
nv nav Navajo
ny nya Chichewa
oc oci Occitan
or ori Odia,Oriya
pa pan Punjabi
pl pol Polish,Polski
ps pus Pashto
pt por Portuguese,Português
qu que Quechua
rm roh Romansh
ro ron/rum Romanian,Română
ru rus Russian,Русский
rw kin Kinyarwanda
sa san Sanskrit
sc srd Sardinian
sd snd Sindhi
se sme Northern Sami
si sin Sinhala
sk slk/slo Slovak,Slovenčina
sl slv Slovenian,Slovenščina,Slovene
sm smo Samoan
sn sna Shona
so som Somali
sq sqi/alb Albanian,Shqip
sr srp/scc Serbian,Srpski
st sot Southern Sotho
su sun Sundanese
sv swe Swedish,Svenska
sw swa Swahili
ta tam Tamil
te tel Telugu
tg tgk Tajik
th tha Thai
ti tir Tigrinya
tk tuk Turkmen
tl tgl Tagalog,Filipino
tn tsn Tswana
to ton Tongan
tr tur Turkish,Türkçe
tt tat Tatar
ug uig Uyghur
uk ukr Ukrainian,Українська
ur urd Urdu
uz uzb Uzbek
vi vie Vietnamese,Tiếng Việt
wo wol Wolof
xh xho Xhosa
yi yid Yiddish
yo yor Yoruba
zh zho/chi Chinese,中文,Mandarin
zu zul Zulu
"""

_REGIONS = {
    "AR": "Argentina", "AT": "Austria", "AU": "Australia", "BE": "Belgium", "BR": "Brazil", "CA": "Canada",
    "CH": "Switzerland", "CL": "Chile", "CN": "China", "CO": "Colombia", "DE": "Germany", "ES": "Spain",
    "FR": "France", "GB": "United Kingdom", "HK": "Hong Kong", "IE": "Ireland", "IN": "India", "IT": "Italy",
    "LA": "Latin America", "MX": "Mexico", "NL": "Netherlands", "NZ": "New Zealand", "PT": "Portugal",
    "SG": "Singapore", "TW": "Taiwan", "US": "United States", "ZA": "South Africa", "419": "Latin America",
}  # fmt: skip
_SCRIPTS = {"Hans": "simplified", "Hant": "traditional", "Latn": "Latin", "Cyrl": "Cyrillic"}
_WHOLE = {"brazilian": "pt-BR", "chs": "zh-Hans", "cht": "zh-Hant", "es-la": "es-419", "spl": "es-419", "pob": "pt-BR"}

_BY_WORD: dict[str, str] = dict(_WHOLE)
_NAMES: dict[str, str] = {}
for _line in _TABLE.strip().splitlines():
    _code, _codes, _names = _line.split(" ", 2)
    _NAMES[_code] = _names.split(",")[0]
    _BY_WORD |= dict.fromkeys([_code, *_codes.split("/"), *_names.casefold().split(",")], _code)

_RARE, _LOCAL = re.compile(r"[a-z]{3}"), re.compile(r"q[a-t][a-z]|mis|und")
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE)


def language_tag(text: str) -> str | None:
    """The BCP 47 tag of `en`, `eng`, `English`, `pt_BR` or `zh-hans`; None when that is no language we know."""
    word = text.strip().casefold()
    if word in _BY_WORD:
        return _BY_WORD[word]
    match = _TAG.fullmatch(word)
    if match is None or match[1] not in _BY_WORD or (match[2] and match[2].title() not in _SCRIPTS):
        return None
    if match[3] and match[3].upper() not in _REGIONS:
        return None
    parts = (_BY_WORD[match[1]], match[2] and match[2].title(), match[3] and match[3].upper())
    return "-".join(part for part in parts if part)


def container_language(text: str) -> str:
    """The BCP 47 tag of a language as a film container says it; UNKNOWN where it says none.

    A rare language's three letters (ISO 639-2) are a tag themselves (RFC 5646 2.2.1), those for local use are not.
    """
    word = text.strip().casefold()
    is_rare = _RARE.fullmatch(word) is not None and not _LOCAL.fullmatch(word)
    return language_tag(word) or (word if is_rare else UNKNOWN)


def language_name(tag: str) -> str:
    """What people call the language of a BCP 47 tag: `Portuguese (Brazil)`; the tag itself if it is a rare one."""
    if tag in ("", UNKNOWN):
        return "Unknown language"
    primary, *rest = tag.split("-")
    name = _NAMES.get(primary)
    if name is None:
        return tag
    details = [_SCRIPTS.get(part) or _REGIONS.get(part) or part for part in rest]
    return f"{name} ({', '.join(details)})" if details else name


def subtitle_label(tag: str, *, is_sdh: bool, is_forced: bool) -> str:
    """What a player's menu calls subtitles: `English (SDH)`."""
    notes = ["SDH"] * is_sdh + ["forced"] * is_forced
    return language_name(tag) + (f" ({', '.join(notes)})" if notes else "")
