use super::*;

/// A valid number is found under its name, and among the candidates or by itself without; with
/// a wrong check digit it is not of the kind.
#[track_caller]
fn check(kind: &str, field: &str, valid: &[&str], invalid: &[&str]) {
    let detector = detector();
    for value in valid {
        assert_eq!(found(&detector, field, value), Some(kind), "{field}: {value}");
        let alone = found(&detector, "x", value) == Some(kind);
        assert!(alone || candidates(&detector, value).contains(&kind), "x: {value}");
    }
    for value in invalid {
        assert_ne!(found(&detector, field, value), Some(kind), "{field}: {value}");
        assert!(!candidates(&detector, value).contains(&kind), "x: {value}");
    }
}

#[test]
fn numbers_of_western_europe() {
    check(
        "de_tax_id",
        "steuerId",
        &["36574261809", "36 574 261 809"],
        &["36574261808", "11111111111"],
    );
    check("fr_nir", "nir", &["2 95 10 99 126 111 93", "295109912611193"], &["295109912611199"]);
    check("nl_bsn", "bsn", &["111222333", "1112.22.333"], &["111252333", "000000000"]);
    check("be_national_number", "niss", &["85.07.30-033 28", "85073003328"], &["85073003329"]);
    check("ch_ahv", "ahv", &["7569217076985", "756.9217.0769.85"], &["7569217076984"]);
    check("at_svnr", "svnr", &["1237010180", "1237 010180"], &["2237010180"]);
    check(
        "uk_nino",
        "nino",
        &["AB123456C", "AB 12 34 56 C"],
        &["AB123456X", "QQ123456C", "BG123456A"],
    );
    check("uk_nhs_number", "nhs_number", &["943 476 5870", "9434765870"], &["9434765871"]);
    check("ie_pps", "ppsn", &["6433435F", "6433435IH"], &["6433435E"]);
}

#[test]
fn numbers_of_southern_europe() {
    check("es_nif", "dni", &["54362315K", "X2482300W", "54362315-K"], &["54362315Z", "X2482300A"]);
    check("it_codice_fiscale", "codiceFiscale", &["RCCMNL83S18D969H"], &["RCCMNL83S18D969A"]);
    check("pt_nif", "contribuinte", &["501964843"], &["501964842"]);
    check("gr_amka", "amka", &["01013099997"], &["01013099999"]);
    check("tr_tckn", "tckn", &["17291716060"], &["17291716050", "07291716092"]);
}

#[test]
fn numbers_of_northern_europe() {
    check(
        "se_personnummer",
        "personnummer",
        &["880320-0016", "8803200016", "19880320-0016"],
        &["880320-0018"],
    );
    check("fi_hetu", "hetu", &["131052-308T"], &["131052-308U", "310252-308Y"]);
    check("no_fodselsnummer", "fodselsnummer", &["15108695088", "151086 95088"], &["15108695077"]);
    check("baltic_personal_code", "isikukood", &["36805280109", "33309240064"], &["36805280108"]);
}

#[test]
fn numbers_of_eastern_europe() {
    check("pl_pesel", "pesel", &["44051401359"], &["44051401358", "44131401356"]);
    check("cz_birth_number", "rodneCislo", &["710319/2745", "7103192745"], &["710319/2746"]);
    check("ro_cnp", "cnp", &["1630615123457"], &["1630615123458", "0800101221142"]);
    check("bg_egn", "egn", &["7523169263"], &["7523169264"]);
    check("hr_oib", "oib", &["33392005961"], &["33392005962"]);
}

#[test]
fn numbers_of_the_americas() {
    check(
        "us_ssn",
        "ssn",
        &["536-90-4399"],
        &["666-90-4399", "900-90-4399", "536-00-4399", "536-90-0000"],
    );
    check("us_itin", "itin", &["912-90-3456"], &["912-93-3456", "812-90-3456"]);
    check("ca_sin", "sin", &["130692544", "130-692-544"], &["130692545"]);
    check("br_cpf", "cpf", &["390.533.447-05", "39053344705"], &["39053344706", "11111111111"]);
    check("br_cnpj", "cnpj", &["16.727.230/0001-97", "16727230000197"], &["16.727.230/0001-96"]);
    check("ar_cuit", "cuit", &["20-05536168-2"], &["20-05536168-3"]);
    check("cl_rut", "rut", &["12.531.909-2", "12531909-2"], &["12531909-3"]);
    check("mx_curp", "curp", &["BOXW310820HNERXN09"], &["BOXW310820HNERXN08"]);
}

#[test]
fn numbers_of_asia_africa_and_oceania() {
    check(
        "in_aadhaar",
        "aadhaar",
        &["234123412346", "2341 2341 2346"],
        &["234123412347", "134123412346"],
    );
    check("in_pan", "pan_number", &["ACUPA7085R"], &["ACUZA7085R", "ACUPA0000R"]);
    check(
        "cn_resident_id",
        "idCard",
        &["360426199101010071"],
        &["360426199101010072", "360426199113010071"],
    );
    check("kr_rrn", "rrn", &["971013-9019902"], &["971413-9019902"]);
    check("jp_my_number", "myNumber", &["123456789018"], &["123456789017"]);
    check("tw_id", "taiwanId", &["A123456789"], &["A123456788"]);
    check("hk_id", "hkid", &["A123456(3)", "A1234563"], &["A123456(4)"]);
    check("sg_nric", "nric", &["S1234567D"], &["S1234567A"]);
    check("th_id", "thaiId", &["1-2345-45678-78-1"], &["1-2345-45678-78-2"]);
    check("il_id", "teudat_zehut", &["039337423"], &["039337422"]);
    check("au_tfn", "tfn", &["123 456 782"], &["123 456 783"]);
    check("au_medicare", "medicareNumber", &["2123 45670 1"], &["2123 45671 1"]);
    check("za_id", "saId", &["7503305044089"], &["7503305044088", "9125568", "7513305044089"]);
}

#[test]
fn a_name_that_speaks_of_numbers_in_general_gets_the_one_that_fits() {
    let detector = detector();
    assert_eq!(found(&detector, "taxId", "36574261809"), Some("de_tax_id"));
    assert_eq!(found(&detector, "national_id", "44051401359"), Some("pl_pesel"));
    assert_eq!(found(&detector, "national_id", "X99Y12345"), Some("national_id"));
}
