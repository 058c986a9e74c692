package objects

// The kinds that only Shinken 2.4 knows.

func shinkenTables(t *[numKinds]table) {
	daemonTables(t)
	modulationTables(t)
	t[kRealm] = table{name: "realm", id: "realm_name", effect: missed, shinken: true, rows: []row{
		a("realm_name", name), m("alias", text), a("realm_members", names).to(kRealm), a("default", flag),
		m("higher_realms", names).to(kRealm), m("broker_complete_links", flag), m("id", number),
	}}
	t[kModule] = table{name: "module", effect: missed, id: "module_name", shinken: true, free: true, rows: []row{
		m("module_name", name), m("module_type", name), m("modules", names).to(kModule),
	}}
	t[kDiscoveryrule] = table{
		name: "discoveryrule", effect: moot, id: "discoveryrule_name", shinken: true, free: true,
		rows: []row{
			m("discoveryrule_name", name), m("creation_type", text), m("discoveryrule_order", number),
			m("matches", text), m("not_matches", text), m("writing_properties", text),
		},
	}
	t[kDiscoveryrun] = table{
		name: "discoveryrun", effect: moot, id: "discoveryrun_name", shinken: true, free: true,
		rows: []row{m("discoveryrun_name", name), m("discoveryrun_command", call).to(kCommand)},
	}
	t[kTrigger] = table{name: "trigger", id: "trigger_name", shinken: true, rows: []row{
		a("trigger_name", name), a("code_src", text), m("trigger_broker_raise_enabled", flag),
	}}
}

func daemonTables(t *[numKinds]table) {
	pool := []row{
		m("min_workers", number), m("max_workers", number), m("processes_by_worker", number),
		m("max_q_size", number), m("q_factor", number), m("results_batch", number),
	}
	daemon := func(k kind, what string, rows ...row) {
		rows = append(rows, a(what+"_name", name))
		t[k] = table{name: what, id: what + "_name", effect: moot, shinken: true, rows: append(rows, satelliteRows()...)}
	}
	daemon(kArbiter, "arbiter", m("host_name", name))
	daemon(kScheduler, "scheduler", m("weight", number), m("skip_initial_broks", flag),
		u("accept_passive_unknown_check_results", flag).but("0"))
	daemon(kPoller, "poller", append(pool, a("poller_tags poller_tag", names))...)
	daemon(kReactionner, "reactionner", append(pool[:len(pool):len(pool)],
		a("reactionner_tags reactionner_tag", names))...)
	daemon(kReceiver, "receiver", m("direct_routing", flag), u("accept_passive_unknown_check_results", flag).but("0"))
	daemon(kBroker, "broker", m("broks_batch", number))
}

// satelliteRows are the directives of every daemon.
func satelliteRows() []row {
	return []row{
		m("address", text), m("port", number), m("spare", flag), u("realm", name).to(kRealm),
		m("modules", names).to(kModule), m("timeout", number), m("data_timeout", number),
		m("check_interval", number), m("max_check_attempts", number),
		u("manage_sub_realms", flag), m("manage_arbiters", flag), m("polling_interval", number),
		m("use_timezone", text), m("satellitemap", text), m("use_ssl", flag), m("hard_ssl_name_check", flag),
		m("passive", flag), m("harakiri_threshold", text),
	}
}

func modulationTables(t *[numKinds]table) {
	t[kResultmodulation] = table{
		name: "resultmodulation", id: "resultmodulation_name", shinken: true,
		rows: []row{
			a("resultmodulation_name", name), a("exit_codes_match", text), a("exit_code_modulation", number),
			a("modulation_period", name).to(kTimeperiod),
		},
	}
	t[kCheckmodulation] = table{
		name: "checkmodulation", id: "checkmodulation_name", shinken: true,
		rows: []row{
			a("checkmodulation_name", name), a("check_command", call).to(kCommand),
			a("check_period", name).to(kTimeperiod),
		},
	}
	t[kMacromodulation] = table{
		name: "macromodulation", id: "macromodulation_name", shinken: true, vars: true,
		rows: []row{a("macromodulation_name", name), a("modulation_period", name).to(kTimeperiod)},
	}
	t[kBusinessimpactmodulation] = table{
		name: "businessimpactmodulation", id: "business_impact_modulation_name", shinken: true,
		rows: []row{
			a("business_impact_modulation_name", name), a("business_impact", number),
			a("modulation_period", name).to(kTimeperiod),
		},
	}
}
