package objects

// The kinds that only Shinken 2.4 knows.

func shinkenTables(t *[numKinds]table) {
	daemonTables(t)
	modulationTables(t)
	t[kRealm] = table{name: "realm", id: "realm_name", acted: true, shinken: true, rows: []row{
		a("realm_name", name), u("alias", text), a("realm_members", names).to(kRealm), a("default", flag),
		u("higher_realms", names).to(kRealm), u("broker_complete_links", flag), u("id", number),
	}}
	t[kModule] = table{name: "module", id: "module_name", shinken: true, free: true, rows: []row{
		u("module_name", name), u("module_type", name), u("modules", names).to(kModule),
	}}
	t[kDiscoveryrule] = table{
		name: "discoveryrule", id: "discoveryrule_name", shinken: true, free: true,
		rows: []row{
			u("discoveryrule_name", name), u("creation_type", text), u("discoveryrule_order", number),
			u("matches", text), u("not_matches", text), u("writing_properties", text),
		},
	}
	t[kDiscoveryrun] = table{
		name: "discoveryrun", id: "discoveryrun_name", shinken: true, free: true,
		rows: []row{u("discoveryrun_name", name), u("discoveryrun_command", call).to(kCommand)},
	}
	t[kTrigger] = table{name: "trigger", id: "trigger_name", shinken: true, rows: []row{
		u("trigger_name", name), u("code_src", text),
	}}
}

func daemonTables(t *[numKinds]table) {
	pool := []row{
		u("min_workers", number), u("max_workers", number), u("processes_by_worker", number),
		u("max_q_size", number), u("q_factor", number), u("results_batch", number),
	}
	daemon := func(k kind, what string, rows ...row) {
		rows = append(rows, a(what+"_name", name))
		t[k] = table{name: what, id: what + "_name", acted: true, shinken: true, rows: append(rows, satelliteRows()...)}
	}
	daemon(kArbiter, "arbiter", u("host_name", name))
	daemon(kScheduler, "scheduler", u("weight", number), u("skip_initial_broks", flag),
		u("accept_passive_unknown_check_results", flag))
	daemon(kPoller, "poller", append(pool, a("poller_tags poller_tag", names))...)
	daemon(kReactionner, "reactionner", append(pool[:len(pool):len(pool)],
		a("reactionner_tags reactionner_tag", names))...)
	daemon(kReceiver, "receiver", u("direct_routing", flag), u("accept_passive_unknown_check_results", flag))
	daemon(kBroker, "broker", u("broks_batch", number))
}

// satelliteRows are the directives of every daemon.
func satelliteRows() []row {
	return []row{
		u("address", text), u("port", number), u("spare", flag), a("realm", name).to(kRealm),
		u("modules", names).to(kModule), u("timeout", number), u("data_timeout", number),
		u("check_interval", number), u("max_check_attempts", number),
		a("manage_sub_realms", flag), u("manage_arbiters", flag), u("polling_interval", number),
		u("use_timezone", text), u("satellitemap", text), u("use_ssl", flag), u("hard_ssl_name_check", flag),
		u("passive", flag), u("harakiri_threshold", text),
	}
}

func modulationTables(t *[numKinds]table) {
	t[kResultmodulation] = table{
		name: "resultmodulation", id: "resultmodulation_name", shinken: true,
		rows: []row{
			u("resultmodulation_name", name), u("exit_codes_match", text), u("exit_code_modulation", number),
			u("modulation_period", name).to(kTimeperiod),
		},
	}
	t[kCheckmodulation] = table{
		name: "checkmodulation", id: "checkmodulation_name", shinken: true,
		rows: []row{
			u("checkmodulation_name", name), u("check_command", call).to(kCommand),
			u("check_period", name).to(kTimeperiod),
		},
	}
	t[kMacromodulation] = table{
		name: "macromodulation", id: "macromodulation_name", shinken: true, vars: true,
		rows: []row{u("macromodulation_name", name), u("modulation_period", name).to(kTimeperiod)},
	}
	t[kBusinessimpactmodulation] = table{
		name: "businessimpactmodulation", id: "business_impact_modulation_name", shinken: true,
		rows: []row{
			u("business_impact_modulation_name", name), u("business_impact", number),
			u("modulation_period", name).to(kTimeperiod),
		},
	}
}
