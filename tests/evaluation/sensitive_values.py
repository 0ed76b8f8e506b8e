"""Labelled values for `cargo xtask eval sensitive`, as lines of JSON on standard output.

{"kind": "email", "named": true, "field": "contactEmail", "values": [...]}

`kind` is null where the values are nothing, `named` tells whether the field's name tells the kind.
Values come from faker, numbers with check digits from random digits that python-stdnum or
phonenumbers accept, so that no check of the sensor's own decides what is right. A line with
`"body": true` has whole response bodies.

usage: sensitive_values.py [SEED [VALUES_PER_FIELD]]
"""

import base64
import hashlib
import importlib
import json
import random
import sqlite3
import string
import sys
import traceback
import uuid
import zlib

import phonenumbers
from faker import Faker

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 25
FIELDS = 6

rng = random.Random(SEED)
Faker.seed(SEED)
fakers = {}


def fake(locale="en_US"):
    if locale not in fakers:
        fakers[locale] = Faker(locale)
    return fakers[locale]


def pick(choices):
    return rng.choice(choices)


def digits(count):
    return "".join(pick(string.digits) for _ in range(count))


def text(count, alphabet=string.ascii_letters + string.digits):
    return "".join(pick(alphabet) for _ in range(count))


def hexes(count):
    return text(count, "0123456789abcdef")


def until(valid, make, tries=200_000):
    for _ in range(tries):
        value = make()
        if valid(value):
            return value
    raise SystemExit(f"no value passes {valid}")


def standard(module, make):
    """Values that a module of python-stdnum accepts."""
    valid = importlib.import_module(f"stdnum.{module}").is_valid
    return lambda: until(valid, make)


def date(form="%y%m%d"):
    return fake().date_of_birth(minimum_age=1, maximum_age=90).strftime(form)


def luhn(body):
    return body + importlib.import_module("stdnum.luhn").calc_check_digit(body)


# Telling names of each kind, and neutral ones.

NEUTRAL = [
    "value", "data", "f1", "attr", "field_7", "x", "content", "col3", "item.value", "result", "payload.v",
    "extra", "param2", "record.entry", "input", "arg", "c12", "custom_field", "meta.info", "ref",
]


def words_of(phrase):
    words = phrase.split()
    return pick([
        "_".join(words),
        "-".join(words),
        words[0] + "".join(word.capitalize() for word in words[1:]),
        "".join(word.capitalize() for word in words),
        "".join(words),
        pick(["user.", "customer.", "data.", "request.body."]) + "_".join(words),
    ])


# Values.


def phone(form):
    def make():
        region = pick(["US", "GB", "DE", "FR", "IN", "BR", "AU", "JP", "ES", "IT", "ZA", "MX"])
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        national = str(example.national_number)
        keep = len(national) - 5
        number = phonenumbers.PhoneNumber(example.country_code, int(national[:keep] + digits(5)))
        return number
    number = until(phonenumbers.is_valid_number, make)
    return phonenumbers.format_number(number, form)


def card():
    number = until(importlib.import_module("stdnum.luhn").is_valid, lambda: fake().credit_card_number())
    return number


def grouped_card():
    number = until(lambda number: len(number) == 16, card)
    return pick([" ", "-"]).join(number[index:index + 4] for index in range(0, 16, 4))


def iban():
    locale = pick(["de_DE", "fr_FR", "en_GB", "it_IT", "es_ES", "nl_NL", "pl_PL", "pt_PT", "fi_FI", "no_NO", "de_AT", "de_CH"])
    number = until(importlib.import_module("stdnum.iban").is_valid, lambda: fake(locale).iban())
    return number if rng.random() < 0.7 else " ".join(number[index:index + 4] for index in range(0, len(number), 4))


def base58check():
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    payload = pick([b"\0", b"\5"]) + rng.randbytes(20)
    check = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    data = payload + check
    number, encoded = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        encoded = alphabet[rest] + encoded
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + encoded


def checksummed(prefix):
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    body = text(30)
    crc, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, rest = divmod(crc, 62)
        check = alphabet[rest] + check
    return prefix + body + check


def jwt():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    claims = {"sub": str(uuid.UUID(int=rng.getrandbits(128))), "iss": fake().url(), "exp": rng.randrange(2**31)}
    header = {"alg": pick(["RS256", "HS256", "ES256"]), "typ": "JWT"}
    signature = base64.urlsafe_b64encode(rng.randbytes(32)).rstrip(b"=").decode()
    return f"{part(header)}.{part(claims)}.{signature}"


def pem():
    label = pick(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    body = base64.b64encode(rng.randbytes(120)).decode()
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def url_with_password():
    scheme = pick(["postgres", "mysql", "redis", "amqp", "mongodb+srv", "https"])
    return f"{scheme}://{fake().user_name()}:{fake().password(special_chars=False)}@{fake().domain_name()}:{rng.randrange(1000, 9999)}/{fake().word()}"


def npi():
    return until(lambda number: luhn("80840" + number[:9])[-1] == number[9], lambda: pick("12") + digits(9))


def dea():
    body = digits(6)
    odd, even = sum(map(int, body[0::2])), sum(map(int, body[1::2]))
    return pick("ABFGM") + pick(string.ascii_uppercase) + body + str((odd + 2 * even) % 10)


def sentence(make):
    """A message that holds a value."""
    def fill():
        form = pick([
            "Please use {} for the order of last week.",
            "Hi, my new one is {}, thanks!",
            "{} does not work any more since 3 days",
            "customer wrote: \"{}\" and asked to be called back",
            "Updated to {} on request of {person}.",
            "note=({}) checked",
        ])
        return form.format(make(), person=fake().first_name())
    return fill


KINDS = {
    # kind: (makers, telling names, found without a name)
    "email": ([lambda: fake(pick(["en_US", "de_DE", "fr_FR"])).email(), lambda: fake().company_email()],
              ["email", "email address", "contact email", "user email", "e mail", "recipient email"], True),
    "phone": ([lambda: phone(phonenumbers.PhoneNumberFormat.E164), lambda: phone(phonenumbers.PhoneNumberFormat.INTERNATIONAL)],
              ["phone", "phone number", "mobile", "telephone", "contact phone", "home phone"], True),
    "card_number": ([card, grouped_card], ["card number", "credit card", "cc number", "pan", "payment card number", "card"], True),
    "iban": ([iban], ["iban", "bank iban", "account iban"], True),
    "bic": ([lambda: fake().swift(), lambda: fake().swift11()], ["bic", "swift", "swift code"], False),
    "us_routing_number": ([lambda: until(importlib.import_module("stdnum.us.rtn").is_valid, fake().aba)], ["routing number", "aba", "aba routing number"], True),
    "bank_account": ([lambda: fake().bban(), lambda: digits(10)], ["account number", "bank account", "bank account number"], False),
    "card_verification": ([lambda: fake().credit_card_security_code()], ["cvv", "cvc", "card security code"], False),
    "card_expiry": ([lambda: fake().credit_card_expire()], ["card expiry", "expiry date", "cc exp"], False),
    "bitcoin_address": ([base58check], ["bitcoin address", "wallet address", "btc address"], True),
    "postal_address": ([lambda: fake().street_address(), lambda: fake("de_DE").street_address(), lambda: fake().address().replace("\n", ", ")],
                       ["address", "street", "shipping address", "billing address", "home address", "address line 1"], False),
    "postal_code": ([lambda: fake().postcode(), lambda: fake("en_GB").postcode()], ["zip", "postal code", "postcode"], False),
    "person_name": ([lambda: fake(pick(["en_US", "de_DE", "fr_FR", "es_ES", "pl_PL"])).name(), lambda: fake().first_name()],
                    ["first name", "last name", "full name", "customer name", "cardholder name", "surname"], False),
    "birth_date": ([lambda: date("%Y-%m-%d"), lambda: date("%d/%m/%Y"), lambda: date("%m/%d/%Y")], ["birth date", "date of birth", "dob", "birthday"], False),
    "geo_coordinate": ([lambda: str(fake().longitude()), lambda: str(fake().latitude())], ["latitude", "lat", "longitude", "lng"], False),
    "geo_position": ([lambda: f"{fake().latitude()},{fake().longitude()}"], ["location", "coordinates", "gps"], True),
    "ip_address": ([lambda: fake().ipv4_public()], ["ip", "client ip", "ip address", "remote addr"], False),
    "mac_address": ([lambda: fake().mac_address()], ["mac", "mac address"], True),
    "imei": ([lambda: luhn("35" + digits(12))], ["imei", "imei number"], True),
    "vin": ([lambda: fake().vin()], ["vin", "vehicle identification number"], True),
    "passport": ([lambda: fake().passport_number()], ["passport", "passport number", "passport no"], False),
    "drivers_licence": ([lambda: pick(string.ascii_uppercase) + digits(7)], ["drivers license", "driver license number", "driving licence"], False),
    "licence_plate": ([lambda: until(lambda plate: any(map(str.isdigit, plate)), fake().license_plate)], ["license plate", "plate number"], False),
    # Numbers of people.
    "us_ssn": ([lambda: fake().ssn()], ["ssn", "social security number", "social security"], True),
    "us_itin": ([lambda: fake().itin()], ["itin"], True),
    "ca_sin": ([lambda: fake("en_CA").ssn()], ["sin", "social insurance number"], True),
    "uk_nino": ([standard("gb.utr", lambda: digits(10))], [], False),
    "uk_nhs_number": ([standard("gb.nhs", lambda: digits(10))], ["nhs number"], True),
    "de_tax_id": ([standard("de.idnr", lambda: tax_digits())], ["steuer id", "tax id"], True),
    "fr_nir": ([lambda: fake("fr_FR").ssn().replace(" ", "")], ["nir", "numero securite sociale"], True),
    "es_nif": ([standard("es.dni", lambda: digits(8) + pick(string.ascii_uppercase)), standard("es.nie", lambda: pick("XYZ") + digits(7) + pick(string.ascii_uppercase))], ["dni", "nif"], True),
    "it_codice_fiscale": ([lambda: fake("it_IT").ssn()], ["codice fiscale"], True),
    "nl_bsn": ([standard("nl.bsn", lambda: digits(9))], ["bsn", "burgerservicenummer"], True),
    "be_national_number": ([standard("be.nn", lambda: date() + digits(5))], ["rijksregisternummer", "niss"], True),
    "pl_pesel": ([standard("pl.pesel", lambda: date() + digits(5))], ["pesel"], True),
    "se_personnummer": ([standard("se.personnummer", lambda: date() + "-" + digits(4))], ["personnummer"], True),
    "fi_hetu": ([standard("fi.hetu", lambda: date("%d%m%y") + pick("-A") + digits(3) + pick("0123456789ABCDEFHJKLMNPRSTUVWXY"))], ["hetu"], True),
    "dk_cpr": ([lambda: date("%d%m%y") + "-" + digits(4)], ["cpr", "cpr number"], False),
    "no_fodselsnummer": ([standard("no.fodselsnummer", lambda: date("%d%m%y") + digits(5))], ["fodselsnummer"], True),
    "baltic_personal_code": ([standard("ee.ik", lambda: pick("3456") + date() + digits(4))], ["isikukood"], True),
    "cz_birth_number": ([standard("cz.rc", lambda: date() + digits(4))], ["rodne cislo"], True),
    "ro_cnp": ([standard("ro.cnp", lambda: pick("12") + date() + "%02d" % rng.randrange(1, 47) + digits(4))], ["cnp"], True),
    "bg_egn": ([standard("bg.egn", lambda: date() + digits(4))], ["egn"], True),
    "hr_oib": ([standard("hr.oib", lambda: digits(11))], ["oib"], True),
    "ch_ahv": ([standard("ch.ssn", lambda: "756" + digits(10))], ["ahv number", "ahv"], True),
    "at_svnr": ([standard("at.vnr", lambda: digits(4) + date("%d%m%y"))], ["svnr"], True),
    "ie_pps": ([standard("ie.pps", lambda: digits(7) + pick(string.ascii_uppercase[:23]))], ["pps number", "ppsn"], True),
    "pt_nif": ([standard("pt.nif", lambda: pick("123") + digits(8))], ["nif", "numero contribuinte"], True),
    "gr_amka": ([standard("gr.amka", lambda: date("%d%m%y") + digits(5))], ["amka"], True),
    "tr_tckn": ([standard("tr.tckimlik", lambda: digits(11))], ["tckn", "tc kimlik no"], True),
    "br_cpf": ([lambda: fake("pt_BR").cpf(), standard("br.cpf", lambda: digits(11))], ["cpf"], True),
    "br_cnpj": ([lambda: fake("pt_BR").cnpj()], ["cnpj"], True),
    "ar_cuit": ([standard("ar.cuit", lambda: pick(["20", "23", "27"]) + digits(9))], ["cuit"], True),
    "cl_rut": ([lambda: until(importlib.import_module("stdnum.cl.rut").is_valid, fake("es_CL").rut)], ["rut"], True),
    "mx_curp": ([lambda: until(importlib.import_module("stdnum.mx.curp").is_valid, fake("es_MX").curp)], ["curp"], True),
    "in_aadhaar": ([standard("in_.aadhaar", lambda: digits(12))], ["aadhaar", "aadhaar number"], True),
    "in_pan": ([standard("in_.pan", lambda: text(3, string.ascii_uppercase) + "P" + text(1, string.ascii_uppercase) + digits(4) + text(1, string.ascii_uppercase))], ["pan number", "permanent account number"], True),
    "cn_resident_id": ([standard("cn.ric", lambda: "110101" + date("%Y%m%d") + digits(3) + pick("0123456789X"))], ["id card number"], True),
    "kr_rrn": ([standard("kr.rrn", lambda: date() + "-" + pick("12") + digits(6))], ["rrn", "resident registration number"], True),
    "tw_id": ([lambda: fake("zh_TW").ssn()], ["taiwan id"], True),
    "sg_nric": ([lambda: nric()], ["nric"], True),
    "th_id": ([standard("th.pin", lambda: digits(13))], ["thai id", "citizen id"], True),
    "il_id": ([standard("il.idnr", lambda: digits(9))], ["teudat zehut"], False),
    "za_id": ([standard("za.idnr", lambda: date() + digits(4) + pick("01") + digits(2))], ["sa id", "south african id"], True),
    "au_tfn": ([standard("au.tfn", lambda: digits(9))], ["tfn", "tax file number"], True),
    # Health.
    "us_npi": ([npi], ["npi", "npi number"], True),
    "us_dea_number": ([dea], ["dea number"], True),
    "medical_record_number": ([lambda: "MRN" + digits(7), lambda: digits(8)], ["mrn", "medical record number", "patient id"], False),
    "icd10_code": ([lambda: pick(["E11.9", "I10", "J45.909", "F32.9", "M54.5", "K21.9", "Z00.00", "S72.001A"])], ["icd10", "diagnosis code"], False),
    "health_term": ([lambda: pick(["Type 2 diabetes", "Hypertension", "Asthma", "Depression", "Penicillin", "Metformin 500 mg"])], ["diagnosis", "medication", "allergies", "medical condition"], False),
    # Secrets.
    "password": ([lambda: fake().password(), lambda: fake().word() + digits(2)], ["password", "passwd", "user password", "new password", "pwd"], False),
    "generic_secret": ([lambda: hexes(32), lambda: text(40)], ["client secret", "api key", "access token", "refresh token", "secret key", "auth token"], False),
    "jwt": ([jwt], ["id token", "jwt", "token"], True),
    "private_key": ([pem], ["private key", "key"], True),
    "url_credentials": ([url_with_password], ["database url", "dsn"], True),
    "aws_access_key_id": ([lambda: "AKIA" + text(16, string.ascii_uppercase + "234567")], ["aws access key id"], True),
    "aws_secret_key": ([lambda: text(40, string.ascii_letters + string.digits + "+/")], ["aws secret access key"], False),
    "github_token": ([lambda: checksummed(pick(["ghp_", "gho_", "ghs_"]))], ["github token"], True),
    "gitlab_token": ([lambda: "glpat-" + text(20)], ["gitlab token"], True),
    "npm_token": ([lambda: checksummed("npm_")], ["npm token"], True),
    "slack_token": ([lambda: f"xoxb-{digits(12)}-{digits(12)}-{text(24)}"], ["slack token"], True),
    "stripe_key": ([lambda: pick(["sk_live_", "sk_test_", "rk_live_"]) + text(24)], ["stripe key"], True),
    "google_api_key": ([lambda: "AIza" + text(35)], ["google key"], True),
    "sendgrid_key": ([lambda: f"SG.{text(22)}.{text(43)}"], ["sendgrid key"], True),
    "twilio_key": ([lambda: "SK" + hexes(32)], ["twilio sid"], True),
    "ai_service_key": ([lambda: "sk-proj-" + text(48), lambda: "sk-" + text(48), lambda: "sk-ant-api03-" + text(60)], ["openai key"], True),
    "internal_address": ([lambda: f"http://192.168.{rng.randrange(256)}.{rng.randrange(256)}:8080/", lambda: fake().word() + ".default.svc.cluster.local"], ["upstream host"], True),
}


def tax_digits():
    """Eleven digits of which, in the first ten, one stands twice."""
    chosen = rng.sample(string.digits, 9)
    chosen.append(chosen[rng.randrange(9)])
    rng.shuffle(chosen)
    return "".join(chosen) + pick(string.digits)


def nric():
    prefix, body = pick("STFG"), digits(7)
    total = sum(int(digit) * weight for digit, weight in zip(body, (2, 7, 6, 5, 4, 3, 2)))
    total += 4 if prefix in "TG" else 0
    return prefix + body + ("JZIHGFEDCBA" if prefix in "ST" else "XWUTRQPNMLK")[total % 11]


def uk_nino():
    return until(lambda nino: nino[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"),
                 lambda: text(1, "ABCEGHJKLMNOPRSTWXYZ") + text(1, "ABCEGHJKLMNPRSTWXYZ") + digits(6) + pick("ABCD"))


KINDS["uk_nino"] = ([uk_nino], ["nino", "national insurance number"], True)


def bad_card():
    number = card()
    return number[:-1] + str((int(number[-1]) + rng.randrange(1, 10)) % 10)


def bad_iban():
    number = fake("de_DE").iban()
    return number[:-1] + str((int(number[-1]) + rng.randrange(1, 10)) % 10)


NOTHING = [
    # (field, maker)
    ("orderId", lambda: digits(9)), ("order_number", lambda: digits(10)), ("id", lambda: digits(11)), ("invoiceId", lambda: digits(8)),
    ("id", lambda: str(rng.randrange(1, 10**6))), ("ticketId", lambda: digits(12)), ("batch", lambda: digits(13)), ("eventId", lambda: digits(16)),
    ("snowflake", lambda: str(rng.randrange(10**17, 10**19))), ("tweetId", lambda: str(rng.randrange(10**18, 2 * 10**18))),
    ("createdAt", lambda: str(rng.randrange(1_500_000_000_000, 1_800_000_000_000))), ("ts", lambda: str(rng.randrange(1_500_000_000, 1_800_000_000))),
    ("timestamp_us", lambda: str(rng.randrange(15 * 10**14, 18 * 10**14))), ("updated", lambda: fake().iso8601()), ("date", lambda: fake().date()),
    ("uuid", lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4))), ("requestId", lambda: hexes(32)), ("etag", lambda: hexes(40)),
    ("sha256", lambda: hexes(64)), ("md5", lambda: hexes(32)), ("commit", lambda: hexes(40)), ("object_id", lambda: hexes(24)), ("traceparent", lambda: f"00-{hexes(32)}-{hexes(16)}-01"),
    ("sku", lambda: fake().bothify("???-#####", letters=string.ascii_uppercase)), ("sku", lambda: fake().bothify("??######", letters=string.ascii_uppercase)),
    ("productCode", lambda: fake().bothify("??##-####")), ("ean", lambda: fake().ean13()), ("isbn", lambda: fake().isbn13()), ("upc", lambda: fake().ean8()),
    ("price", lambda: f"{rng.uniform(1, 5000):.2f}"), ("amount", lambda: str(rng.randrange(1, 100_000))), ("weight", lambda: f"{rng.uniform(0, 50):.3f}"),
    ("ratio", lambda: repr(rng.random())), ("description", lambda: fake().sentence(12)), ("text", lambda: fake().paragraph()), ("title", lambda: fake().sentence(4)),
    ("status", lambda: pick(["active", "pending", "closed"])), ("currency", lambda: fake().currency_code()), ("country", lambda: fake().country_code()),
    ("productName", lambda: fake().catch_phrase()), ("companyName", lambda: fake().company()), ("name", lambda: fake().catch_phrase()), ("color", lambda: fake().hex_color()),
    ("url", lambda: fake().uri()), ("image", lambda: fake().image_url()), ("filename", lambda: fake().file_name()), ("path", lambda: fake().file_path()), ("mime", lambda: fake().mime_type()),
    ("version", lambda: f"{rng.randrange(10)}.{rng.randrange(20)}.{rng.randrange(100)}"), ("build", lambda: f"{rng.randrange(1, 15)}.{rng.randrange(20)}.{rng.randrange(100)}.{rng.randrange(20)}"),
    ("userAgent", lambda: fake().user_agent()), ("hostname", lambda: fake().hostname()), ("domain", lambda: fake().domain_name()), ("locale", lambda: fake().locale()),
    ("timezone", lambda: fake().timezone()), ("emailVerified", lambda: pick(["true", "false"])), ("phoneType", lambda: pick(["mobile", "home"])),
    ("cardType", lambda: fake().credit_card_provider()), ("cardBrand", lambda: pick(["visa", "mastercard"])), ("cardLast4", lambda: digits(4)),
    ("passwordPolicy", lambda: pick(["strong", "weak"])), ("tokenType", lambda: "Bearer"), ("nextPageToken", lambda: text(24)), ("csrfToken", lambda: text(32)),
    ("cursor", lambda: base64.b64encode(rng.randbytes(18)).decode()), ("signature", lambda: base64.b64encode(rng.randbytes(64)).decode()),
    ("addressId", lambda: digits(6)), ("emailTemplateId", lambda: digits(4)), ("cacheKey", lambda: hexes(16)), ("idempotencyKey", lambda: str(uuid.UUID(int=rng.getrandbits(128)))),
    ("publicKey", lambda: base64.b64encode(rng.randbytes(65)).decode()), ("sessionCount", lambda: str(rng.randrange(100))), ("zipFile", lambda: fake().file_name(extension="zip")),
    ("stockLocation", lambda: fake().bothify("?-##-##")), ("jobPosition", lambda: fake().job()), ("trackingNumber", lambda: "1Z" + text(16, string.ascii_uppercase + string.digits)),
    ("flight", lambda: fake().bothify("??####", letters=string.ascii_uppercase)), ("score", lambda: str(rng.randrange(1000))), ("duration_ms", lambda: str(rng.randrange(10**5))),
    ("ulid", lambda: "01" + text(24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")), ("stripeCustomer", lambda: "cus_" + text(14)), ("paymentIntent", lambda: "pi_" + text(24)), ("publishable", lambda: "pk_live_" + text(24)),
    ("gitUrl", lambda: f"git@github.com:{fake().user_name()}/{fake().word()}.git"), ("asset", lambda: f"{fake().word()}@2x.png"), ("package", lambda: f"{fake().word()}@{rng.randrange(9)}.{rng.randrange(9)}.0"),
    ("cardNumber", bad_card), ("creditCard", bad_card), ("iban", bad_iban), ("value", bad_card), ("data", bad_iban),
    ("maskedCard", lambda: "**** **** **** " + digits(4)), ("password", lambda: "********"), ("log", lambda: f"took {rng.randrange(1000)} ms for {rng.randrange(100)} items at {fake().time()}"),
    ("mac_count", lambda: str(rng.randrange(100))), ("tags", lambda: " ".join(fake().words(3))), ("base64", lambda: base64.b64encode(rng.randbytes(30)).decode()), ("bin", lambda: text(200, string.ascii_letters + string.digits + "+/")),
]

SENTENCES = ["email", "iban", "jwt", "github_token", "stripe_key", "aws_access_key_id"]


def emit(kind, named, field, values, **more):
    print(json.dumps({"kind": kind, "named": named, "field": field, "values": values, **more}, ensure_ascii=False))


def real_trace():
    try:
        pick([lambda: {}["a"], lambda: 1 / 0, lambda: int("x"), lambda: [][1]])()
    except Exception:  # noqa: BLE001 the trace is wanted, whatever it is
        return traceback.format_exc()


def java_trace():
    lines = [f"\tat com.{fake().word()}.{fake().word().title()}.{fake().word()}({fake().word().title()}.java:{rng.randrange(900)})" for _ in range(6)]
    return f"java.lang.{pick(['IllegalStateException', 'RuntimeException'])}: {fake().word()}\n" + "\n".join(lines)


def node_trace():
    lines = [f"    at {fake().word()} (/srv/app/src/{fake().word()}.js:{rng.randrange(900)}:{rng.randrange(80)})" for _ in range(5)]
    return f"TypeError: Cannot read properties of undefined (reading '{fake().word()}')\n" + "\n".join(lines)


def go_trace():
    return f"panic: runtime error: index out of range [{rng.randrange(9)}]\n\ngoroutine {rng.randrange(99)} [running]:\nmain.{fake().word()}()\n\t/src/main.go:{rng.randrange(900)} +0x1d"


def net_trace():
    return "System.NullReferenceException: x\n" + "\n".join(f"   at App.{fake().word().title()}.Get() in C:\\app\\{fake().word()}.cs:line {rng.randrange(900)}" for _ in range(4))


def sql_message():
    word = fake().word()
    def sqlite():
        try:
            sqlite3.connect(":memory:").execute(f"SELECT * FROM {word}_{word}")
        except sqlite3.Error as error:
            return f"sqlite3.{type(error).__name__}: {error}"
    return pick([
        sqlite,
        lambda: f"You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '{word}' at line 1",
        lambda: f"ERROR: syntax error at or near \"{word}\" LINE 1: SELECT {word}",
        lambda: f"SQLSTATE[42S22]: Column not found: 1054 Unknown column '{word}' in 'where clause'",
        lambda: f"Unclosed quotation mark after the character string '{word}'.",
        lambda: "ORA-00933: SQL command not properly ended",
        lambda: f"duplicate key value violates unique constraint \"{word}_pkey\"",
        lambda: f"Incorrect syntax near '{word}'.",
    ])()


def body(make):
    """An error response with a message."""
    message = make()
    return pick([lambda: message, lambda: json.dumps({"status": 500, "error": message}), lambda: f"<html><body><pre>{message}</pre></body></html>"])()


def plain_body():
    return pick([
        lambda: json.dumps({"error": {"code": 404, "message": f"{fake().word()} not found"}}),
        lambda: json.dumps(fake().pydict(allowed_types=[str, int, float])),
        lambda: f"<html><body><p>{fake().paragraph()}</p></body></html>",
        lambda: json.dumps({"message": f"invalid value for field {fake().word()}", "line": 3}),
        lambda: json.dumps({"files": [fake().file_name(extension="js") for _ in range(5)]}),
    ])()


def main():
    for kind, (makers, names, alone) in KINDS.items():
        for index in range(FIELDS):
            if names:
                emit(kind, True, words_of(names[index % len(names)]), [makers[index % len(makers)]() for _ in range(COUNT)])
            if alone:
                emit(kind, False, pick(NEUTRAL), [makers[index % len(makers)]() for _ in range(COUNT)])
    for kind in SENTENCES:
        makers = KINDS[kind][0]
        for field in ("message", "comment"):
            emit(kind, False, field, [sentence(pick(makers))() for _ in range(COUNT)])
    for _ in range(3):
        for field, make in NOTHING:
            emit(None, False, field, [make() for _ in range(COUNT)])
    traces = [real_trace, java_trace, node_trace, go_trace, net_trace]
    for kind, make in [("stack_trace", lambda: pick(traces)()), ("sql_error", sql_message)]:
        for _ in range(FIELDS):
            emit(kind, False, "", [body(make) for _ in range(COUNT)], body=True)
    for _ in range(FIELDS):
        emit(None, False, "", [plain_body() for _ in range(COUNT)], body=True)


main()
