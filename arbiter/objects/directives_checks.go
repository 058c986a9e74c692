package objects

// The directives of hosts and services: Nagios 4.5 (xdata/xodtemplate.c) and Shinken 2.4 (shinken/objects).

// tables lists every kind of object.
func tables() [numKinds]table {
	t := [numKinds]table{
		kHost:    {name: "host", id: "host_name", vars: true, rows: hostRows()},
		kService: {name: "service", id: "", vars: true, rows: serviceRows()},
	}
	groupTables(&t)
	noticeTables(&t)
	shinkenTables(&t)
	piggybackTables(&t)
	return t
}

func hostRows() []row {
	return append([]row{
		a("host_name", name), a("alias", text), a("address", text),
		a("hostgroups host_groups hostgroup", names).to(kHostgroup),
		a("parents", names).to(kHost), u("realm", name).to(kRealm),
		a("check_command", call).to(kCommand),
		a("active_checks_enabled checks_enabled", flag),
		m("obsess obsess_over_host", flag),
		m("vrml_image", text), m("statusmap_image gd2_image", text), m("2d_coords", coords), m("3d_coords", coords),
		u("service_overrides", text), u("service_excludes", names), u("service_includes", names),
	}, checkRows()...)
}

func serviceRows() []row {
	return append([]row{
		a("host_name host hosts", names).to(kHost),
		a("hostgroup_name hostgroup hostgroups", names).to(kHostgroup),
		a("service_description description", name),
		a("servicegroups service_groups", names).to(kServicegroup),
		a("parents", names), a("service_dependencies", names),
		a("check_command", call).to(kCommand),
		a("active_checks_enabled", flag), a("is_volatile", flag),
		m("obsess obsess_over_service", flag), m("parallelize_check", flag),
		a("duplicate_foreach", text), a("default_value", text),
		u("merge_host_contacts", flag).but("0"), a("host_dependency_enabled", flag), m("aggregation", text), m("alias", text),
	}, checkRows()...)
}

// checkRows are what hosts and services have in common.
func checkRows() []row {
	rows := []row{
		a("display_name", text), a("notes", text), a("notes_url", text), a("action_url", text),
		m("icon_image", text), m("icon_image_alt", text), m("icon_set", text),
		a("initial_state", letter), m("initial_output", text), a("max_check_attempts", number),
		a("check_interval normal_check_interval", units), a("retry_interval retry_check_interval", units),
		a("check_period", name).to(kTimeperiod), a("passive_checks_enabled", flag),
		a("check_freshness", flag), a("freshness_threshold", seconds),
		a("event_handler", call).to(kCommand), a("event_handler_enabled", flag),
		m("event_handler_period", name).to(kTimeperiod),
		a("low_flap_threshold", percent), a("high_flap_threshold", percent),
		a("flap_detection_enabled", flag), a("flap_detection_options", options),
		a("stalking_options", options), a("process_perf_data", flag),
		u("retain_status_information", flag).but("1"), u("retain_nonstatus_information", flag).but("1"),
		a("contacts", names).to(kContact), a("contact_groups", names).to(kContactgroup),
		a("notification_interval", units), a("first_notification_delay", units),
		a("notification_period", name).to(kTimeperiod), a("notification_options", options),
		a("notifications_enabled", flag),
		a("importance hourly_value", number),
		m("failure_prediction_enabled", ignored), m("failure_prediction_options", ignored),
		a("poller_tag", name), a("reactionner_tag", name),
		a("business_impact criticity", number),
	}
	return append(rows, shinkenCheckRows()...)
}

// shinkenCheckRows are what only Shinken knows of hosts and services.
func shinkenCheckRows() []row {
	return []row{
		a("resultmodulations", names).to(kResultmodulation),
		a("business_impact_modulations criticitymodulations", names).to(kBusinessimpactmodulation),
		a("checkmodulations", names).to(kCheckmodulation), a("macromodulations", names).to(kMacromodulation),
		a("escalations", names).to(kEscalation),
		m("time_to_orphanage", seconds), a("labels", names),
		a("business_rule_output_template", text), a("business_rule_smart_notifications", flag),
		a("business_rule_downtime_as_ack", flag),
		a("business_rule_host_notification_options", options),
		a("business_rule_service_notification_options", options),
		a("trigger", text), a("trigger_name", names).to(kTrigger), m("trigger_broker_raise_enabled", flag),
		m("trending_policies", names), m("custom_views", names),
		a("snapshot_enabled", flag), a("snapshot_command", call).to(kCommand),
		a("snapshot_period", name).to(kTimeperiod), a("snapshot_criteria", options), a("snapshot_interval", units),
		u("maintenance_check_command", call).to(kCommand), a("maintenance_period", name).to(kTimeperiod),
		m("maintenance_checks_enabled", flag), m("maintenance_check_period", name).to(kTimeperiod),
		m("maintenance_check_interval", units), m("maintenance_retry_interval", units),
		m("priority", number),
	}
}
