"""What zlint's lints say in our words, and where the two judges differ on purpose, with the reasons."""

# zlint's lint: ours that say the same. One of them must be among our findings wherever zlint has it.
PAIRS = {
    "e_algorithm_identifier_improper_encoding": "key.listed",
    "e_basic_constraints_not_critical": "bc.critical",
    "e_ca_common_name_missing": "subject.ca_common_name",
    "e_ca_country_name_missing": "subject.ca_country",
    "e_ca_crl_sign_not_set": "ku.ca_crl_sign bc.not_ca",
    "e_ca_is_ca": "bc.ca ku.cert_sign_needs_ca",
    "e_ca_key_cert_sign_not_set": "ku.ca_cert_sign bc.not_ca",
    "e_ca_key_usage_missing": "ku.present",
    "e_ca_key_usage_not_critical": "ku.critical",
    "e_ca_organization_name_missing": "subject.ca_organisation",
    "e_ca_subject_field_empty": "subject.present",
    "e_cab_dv_conflicts_with_locality": "subject.dv_closed policies.one_reserved",
    "e_cab_dv_conflicts_with_org": "subject.dv_closed policies.one_reserved",
    "e_cab_dv_conflicts_with_province": "subject.dv_closed policies.one_reserved",
    "e_cab_dv_subject_invalid_values": "subject.dv_closed policies.one_reserved",
    "e_cab_iv_requires_personal_name": "subject.person",
    "e_cab_ov_requires_org": "subject.organisation",
    "e_cert_contains_unique_identifier": "unique_id.absent",
    "e_cert_extensions_version_not_3": "version.3",
    "e_cert_policy_ov_requires_country": "subject.country subject.ca_country",
    "e_cert_policy_ov_requires_province_or_locality": "subject.place",
    "e_cert_sig_alg_not_match_tbs_sig_alg": "algorithm.same",
    "e_crlissuer_must_not_be_present_in_cdp": "cdp.issuer cdp.reasons",
    "e_dnsname_bad_character_in_label": "san.character san.empty san.label_empty",
    "e_dnsname_contains_prohibited_reserved_label": "san.reserved",
    "e_dnsname_empty_label": "san.label_empty san.final_dot",
    "e_dnsname_label_too_long": "san.label_length name.common_name_length",
    "e_dnsname_not_valid_tld": "san.single san.numeric san.internal san.final_dot san.empty san.common_name",
    "e_dnsname_wildcard_only_in_left_label": "san.wildcard_place",
    "e_ecdsa_allowed_ku": "ku.ec_encipherment",
    "e_eku_critical": "eku.critical",
    "e_ev_business_category_missing": "ev.category policies.fit_kind",
    "e_ev_country_name_missing": "ev.country",
    "e_ev_not_wildcard": "san.ev_wildcard policies.fit_kind",
    "e_ev_organization_id_missing": "ev.identifier_extension",
    "e_ev_organization_name_missing": "ev.organisation",
    "e_ev_san_ip_address_present": "san.ev_address",
    "e_ev_serial_number_missing": "ev.registration policies.fit_kind",
    "e_ext_aia_marked_critical": "aia.critical",
    "e_ext_authority_key_identifier_critical": "aki.critical",
    "e_ext_authority_key_identifier_no_key_identifier": "aki.key aki.present",
    "e_ext_cert_policy_duplicate": "policies.twice",
    "e_ext_duplicate_extension": "extension.twice",
    "e_ext_freshest_crl_marked_critical": "freshest.critical",
    "e_ext_key_usage_cert_sign_without_ca": "ku.cert_sign_needs_ca",
    "e_ext_key_usage_without_bits": "ku.some ku.form",
    "e_ext_name_constraints_not_critical": "nc.critical",
    "e_ext_name_constraints_not_in_ca": "nc.absent",
    "e_ext_policy_constraints_empty": "pc.empty",
    "e_ext_policy_constraints_not_critical": "pc.critical",
    "e_ext_policy_map_any_policy": "pm.any",
    "e_ext_san_contains_reserved_ip": "san.address_reserved",
    "e_ext_san_dns_name_too_long": "san.length",
    "e_ext_san_missing": "san.present",
    "e_ext_san_no_entries": "san.form",
    "e_ext_san_not_critical_without_subject": "san.critical",
    "e_ext_san_rfc822_name_present": "san.types",
    "e_ext_san_space_dns_name": "san.empty",
    "e_ext_subject_key_identifier_critical": "ski.critical",
    "e_ext_subject_key_identifier_missing_ca": "ski.present bc.not_ca",
    "e_incorrect_ku_encoding": "ku.form ku.some",
    "e_inhibit_any_policy_not_critical": "iap.critical",
    "e_international_dns_name_not_unicode": "san.punycode",
    "e_invalid_certificate_version": "version.3",
    "e_invalid_subject_rdn_order": "name.order",
    "e_issuer_dn_country_not_printable_string": "issuer.country_type",
    "e_issuer_field_empty": "issuer.present",
    "e_key_usage_and_extended_key_usage_inconsistent":
        "ku.agrees ku.not_ca ku.non_repudiation ku.data_encipherment ku.only_with_agreement ku.cipher_only "
        "ku.cert_sign_needs_ca ku.form eku.server_auth",
    "e_key_usage_incorrect_length": "ku.known ku.form",
    "e_mp_authority_key_identifier_correct": "aki.only",
    "e_mp_ecdsa_signature_encoding_correct": "algorithm.listed algorithm.ecdsa_bare algorithm.root_curve",
    "e_mp_exponent_cannot_be_one": "key.rsa_exponent",
    "e_mp_modulus_must_be_2048_bits_or_more": "key.rsa_size",
    "e_mp_modulus_must_be_divisible_by_8": "key.rsa_octets",
    "e_mp_rsassa-pss_in_spki": "key.pss",
    "e_name_constraint_empty": "nc.empty",
    "e_name_constraint_minimum_non_zero": "nc.distance",
    "e_organizational_unit_name_prohibited": "subject.unit",
    "e_path_len_constraint_improperly_included": "bc.path_needs_ca bc.path_needs_cert_sign ku.present",
    "e_policy_qualifiers_other_than_cps_not_permitted": "policies.qualifier",
    "e_public_key_type_not_allowed": "key.listed",
    "e_rfc_dnsname_empty_label": "san.label_empty san.final_dot",
    "e_rfc_dnsname_label_too_long": "san.label_length",
    "e_rsa_allowed_ku_ee": "ku.rsa_agreement ku.not_ca",
    "e_rsa_mod_less_than_2048_bits": "key.rsa_size",
    "e_rsa_public_exponent_too_small": "key.rsa_exponent",
    "e_san_dns_name_onion_invalid": "san.onion",
    "e_san_wildcard_not_first": "san.wildcard_place",
    "e_serial_number_longer_than_20_octets": "serial.length",
    "e_serial_number_not_positive": "serial.positive",
    "e_signature_algorithm_not_supported": "algorithm.listed",
    "e_spki_rsa_encryption_parameter_not_null": "key.rsa_null",
    "e_sub_ca_aia_marked_critical": "aia.critical",
    "e_sub_ca_certificate_policies_missing": "policies.present",
    "e_sub_ca_crl_distribution_points_missing": "cdp.subordinate_present",
    "e_sub_cert_aia_marked_critical": "aia.critical",
    "e_sub_cert_aia_missing": "aia.present",
    "e_sub_cert_basic_constraints_not_critical": "bc.critical",
    "e_sub_cert_cert_policy_empty": "policies.present policies.form",
    "e_sub_cert_certificate_policies_missing": "policies.present",
    "e_sub_cert_country_name_must_appear": "subject.country ev.country subject.dv_closed",
    "e_sub_cert_crl_distribution_points_does_not_contain_url": "cdp.form cdp.uri cdp.http",
    "e_sub_cert_crl_distribution_points_marked_critical": "cdp.critical",
    "e_sub_cert_eku_missing": "eku.present",
    "e_sub_cert_given_name_surname_contains_correct_policy": "subject.no_person policies.present policies.form",
    "e_sub_cert_key_usage_cert_sign_bit_set": "ku.not_ca",
    "e_sub_cert_key_usage_crl_sign_bit_set": "ku.not_ca",
    "e_sub_cert_locality_name_must_appear": "subject.place ev.place subject.dv_closed",
    "e_sub_cert_locality_name_must_not_appear": "subject.organisation ev.organisation name.type",
    "e_sub_cert_not_is_ca": "bc.not_ca ku.ca_cert_sign",
    "e_sub_cert_or_sub_ca_using_sha1": "algorithm.sha1",
    "e_sub_cert_province_must_appear": "subject.place ev.place subject.dv_closed",
    "e_sub_cert_province_must_not_appear": "subject.organisation ev.organisation name.type",
    "e_subject_common_name_max_length": "name.common_name_length",
    "e_subject_common_name_not_exactly_from_san": "san.common_name san.present",
    "e_subject_contains_noninformational_value": "name.empty name.meaning",
    "e_subject_contains_reserved_arpa_ip": "san.reverse",
    "e_subject_country_not_iso": "name.country",
    "e_subject_dn_country_not_printable_string": "name.country_type",
    "e_subject_dn_not_printable_characters": "name.control",
    "e_subject_dn_serial_number_max_length": "name.serial_length",
    "e_subject_dn_serial_number_not_printable_string": "name.serial_type",
    "e_subject_empty_without_san": "subject.present",
    "e_subject_info_access_marked_critical": "sia.critical",
    "e_subject_locality_name_max_length": "name.locality_length",
    "e_subject_organization_name_max_length": "name.organisation_length",
    "e_subject_postal_code_max_length": "name.postal_length",
    "e_subject_printable_string_badalpha": "der.printable",
    "e_subject_state_name_max_length": "name.state_length",
    "e_subject_street_address_max_length": "name.street_length",
    "e_superfluous_ku_encoding": "ku.some ku.form",
    "e_tbs_signature_rsa_encryption_parameter_not_null": "algorithm.rsa_null",
    "e_underscore_not_permissible_in_dnsname": "san.underscore",
    "e_utc_time_does_not_include_seconds": "time.seconds",
    "e_validity_time_not_positive": "validity.order",
    "e_wrong_time_format_pre2050": "time.type",
    "w_dnsname_underscore_in_trd": "san.underscore",
    "w_distribution_point_missing_ldap_or_uri": "cdp.form cdp.uri",
    "w_eku_critical_improperly": "eku.critical",
    "w_ext_crl_distribution_marked_critical": "cdp.critical",
    "w_ext_ian_critical": "ian.critical",
    "w_ext_key_usage_not_critical": "ku.critical",
    "w_ext_policy_map_not_critical": "pm.critical",
    "w_ext_san_critical_with_subject_dn": "san.uncritical",
    "w_ext_subject_key_identifier_not_recommended_subscriber": "ski.absent",
    "w_issuer_dn_trailing_whitespace": "issuer.edge_space",
    "w_multiple_issuer_rdn": "issuer.single_valued",
    "w_rfc_dnsname_underscore_in_trd": "san.underscore",
    "w_root_ca_basic_constraints_path_len_constraint_field_present": "bc.root_path",
    "w_rsa_mod_factors_smaller_than_752": "key.rsa_factors key.rsa_odd",
    "w_rsa_mod_not_odd": "key.rsa_odd",
    "w_rsa_public_exponent_not_in_range": "key.rsa_exponent_range",
    "w_sub_ca_aia_does_not_contain_issuing_ca_url": "aia.issuers aia.subordinate_present",
    "w_sub_ca_aia_missing": "aia.subordinate_present",
    "w_sub_ca_eku_critical": "eku.critical",
    "w_sub_ca_name_constraints_not_critical": "nc.critical",
    "w_sub_cert_aia_does_not_contain_issuing_ca_url": "aia.issuers aia.present",
    "w_sub_cert_certificate_policies_marked_critical": "policies.critical",
    "w_sub_cert_eku_extra_values": "eku.any eku.code eku.time eku.ocsp eku.other eku.responder",
    "w_subject_common_name_included": "subject.common_name",
    "w_subject_dn_leading_whitespace": "name.edge_space",
    "w_subject_surname_recommended_max_length": "name.person_length",
    "e_cert_policy_iv_requires_country": "subject.country",
    "e_cert_policy_iv_requires_province_or_locality": "subject.place",
    "e_subject_contains_organizational_unit_name_and_no_organization_name": "subject.unit",
    # Lists.
    "e_crl_has_next_update": "crl.next_update",
    "e_cab_crl_has_valid_reason_code":
        "entry.reason entry.hold entry.remove entry.reason_unknown entry.reason_unspecified",
    "e_crl_has_valid_reason_code": "entry.reason_unknown entry.reason_unspecified entry.remove",
    "e_cab_crl_reason_code_not_critical": "entry.reason_critical",
}
PAIRS = {theirs: set(ours.split()) for theirs, ours in PAIRS.items()}

# Not counted, wherever zlint says them.
EXCUSED = {
    "e_sub_cert_aia_does_not_contain_ocsp_url":
        "zlint 3.6.2 is older than SC-063: since 2024-03-15 OCSP is optional, and this service has lists only",
    "w_ext_subject_key_identifier_missing_sub_cert":
        "RFC 5280 recommends it, BR 7.1.2.7.6 recommends against it, and is the narrower rule",
    "e_rsa_fermat_factorization":
        "primes too near each other: the signer looks for them in every request's key (lib/crypto), the lints "
        "don't",
    "w_ext_policy_map_not_in_cert_policy": "no profile maps policies; that one does is found (pm.*)",
    "w_sub_cert_sha1_expiration_too_long": "of 2016: SHA-1 at all is found (algorithm.sha1)",
    "e_ocsp_id_pkix_ocsp_nocheck_ext_not_included_server_auth":
        "OCSPSigning in a server's certificate is found (eku.ocsp)",
}

# zlint tells kinds by the bytes alone; where a change makes it take the object for another kind, it holds it to that
# kind's rules. The judges then needn't agree on more than that there is a fault.
OTHER_KIND = {
    "root":
        "a root is one whose signature verifies; after a change none does, and zlint takes it for a "
        "subordinate CA",
    "eku.responder": "with serverAuth beside OCSPSigning it is a server's certificate",
    "bc.present": "without basic constraints, or the CA flag in them, it is a server's certificate",
    "bc.ca": "the same",
    "bc.not_ca": "with the CA flag a server's certificate is a CA's",
}

# Ours say it, zlint has a lint of the same rule and doesn't, for this reason.
STRICTER = {
    "algorithm.listed":
        "to zlint SHA-1 is a supported algorithm that is too old, and its bytes are looked at for ECDSA only",
    "eku.other": "zlint 3.6.2 knows a list of wrong purposes, and this is none of them",
    "eku.server_auth": "it takes clientAuth in its place, where the key usage agrees with that",
    "ku.rsa_agreement": "it looks at bits that are set, not at those set in unused room",
    "name.meaning": "\"N/A\" is a value to it",
    "name.type": "it has no lint of a value's type but for countries and numbers, only of what it can't read then",
    "policies.form": "an empty list of policies is no fault to it",
    "policies.one_reserved": "the same: it looks at the policies that are there",
    "san.single": "not beneath a wildcard",
    "subject.common_name": "without serverAuth it is no server's certificate to it",
}

# Rules for which zlint 3.6.2 has no lint, or none that our objects reach: only ours speak of them.
ALONE = set("""
    address.host address.text aia.form aia.http aia.methods aia.responder_absent aia.twice aia.uri aki.another
    aki.root algorithm.sha1_lists bc.form bc.present cdp.full_name cdp.one cdp.present cdp.root_absent
    constraints.ca_only crl.ca_period crl.delta crl.future crl.list_not_empty crl.number crl.number_critical
    crl.number_form crl.point_attributes crl.point_critical crl.point_direct crl.point_fits crl.point_form
    crl.point_http crl.point_one_scope crl.point_reasons crl.point_some crl.server_period crl.update_order
    crl.version ct.algorithm ct.critical ct.empty ct.enough ct.extensions ct.form ct.log_twice
    ct.poison_critical ct.poison_null ct.poison_or_scts ct.poison_present ct.time ct.version der.bit_string
    der.boolean der.constructed der.depth der.ia5 der.integer der.length der.null der.oid der.set_order
    der.shape der.tag der.trailing der.utf8 eku.ca_server_only eku.email eku.form eku.old_absent eku.precert
    eku.root_absent eku.server_only eku.twice entry.ca_reason entry.critical entry.extension_twice entry.form
    entry.future entry.indirect entry.invalidity entry.serial entry.serial_length entry.twice ev.category_listed
    ev.closed ev.identifier_form ev.identifier_same ev.jurisdiction ev.jurisdiction_levels extension.critical
    extension.default extension.listed extension.present extension.value ian.absent issuer.is_another
    issuer.root_is_subject key.ec_named key.ec_point key.root_strength key.rsa_form key.whole ku.ca_only
    ku.ec_agreement ku.responder ku.server_present ku.server_signs_ec ku.server_signs_rsa name.dc_type
    name.known name.other_length name.single_valued name.twice nc.form nc.root_absent policies.any_alone
    policies.cps policies.reserved_first policies.responder_absent policies.root_absent policies.server_any
    policies.subordinate policies.unqualified responder.cdp responder.elsewhere responder.no_check
    responder.no_check_critical responder.no_check_null san.address_length san.ca_absent san.case san.hyphen
    san.responder_absent san.twice san.wildcard_narrow serial.entropy signature.ecdsa signature.rsa
    signature.whole ski.form ski.responder_present subject.address subject.ca_closed subject.ca_unit
    subject.without_ev time.exists time.fraction time.zulu validity.ca_backdated validity.issuing_period
    validity.postdated validity.root_long validity.root_short validity.server_backdated validity.server_margin
    validity.server_period
""".split())
