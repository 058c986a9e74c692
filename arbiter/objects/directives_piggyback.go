package objects

import "strconv"

// maxRegexes is how many expressions a translation may have: regex_1 to regex_99.
const maxRegexes = 99

// piggybackTables are the kinds that only Onbu knows: what it does with payloads. The name of an object of these kinds may
// stand in the directive name too, which makes it a template besides.
func piggybackTables(t *[numKinds]table) {
	t[kPiggybackTranslation] = table{name: "piggyback_translation", rows: append(append([]row{
		a("translation_name", name), a("case", text), a("drop_domain", flag), a("map", names),
		a("allow", names), a("allow_regex", names), a("refuse", names), a("refuse_regex", names), a("most", text),
	}, sourceRows()...), regexRows()...)}
	t[kPiggybackPolicy] = table{name: "piggyback_policy", rows: append([]row{
		a("policy_name", name), a("host_name host", names).to(kHost), a("hostgroup_name hostgroup hostgroups", names).to(kHostgroup),
		a("host_regex", names), a("piggyback", text),
		a("max_age", text), a("validity_period", text), a("validity_state", text),
	}, sourceRows()...)}
	t[kDynamicHostRule] = table{name: "dynamic_host_rule", rows: append([]row{
		a("rule_name", name), a("host_regex", names), a("host_use", names).to(kHost), a("service_use", names).to(kService),
		a("hostgroups hostgroup_name", names).to(kHostgroup), a("realm", name).to(kRealm), a("poller_tag", name),
		a("site", name), a("services", text), a("remove_after", text), a("most", text), a("enabled", flag),
	}, sourceRows()...)}
}

// sourceRows say whose output it is about.
func sourceRows() []row {
	return []row{
		a("source_name source", names).to(kHost), a("source_hostgroup_name source_hostgroup", names).to(kHostgroup),
		a("source_regex", names),
	}
}

// regexRows are the expressions of a translation.
func regexRows() []row {
	rows := []row{a("regex_1 regex", text)}
	for i := 2; i <= maxRegexes; i++ {
		rows = append(rows, a("regex_"+strconv.Itoa(i), text))
	}
	return rows
}
