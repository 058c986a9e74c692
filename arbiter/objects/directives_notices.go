package objects

// The directives of groups, contacts, commands, time periods, dependencies, escalations and extended information.

func groupTables(t *[numKinds]table) {
	about := []row{a("alias", text), m("notes", text), m("notes_url", text), m("action_url", text), m("id", number)}
	t[kHostgroup] = table{name: "hostgroup", id: "hostgroup_name", rows: append([]row{
		a("hostgroup_name", name), a("members", names).to(kHost),
		a("hostgroup_members", names).to(kHostgroup), u("realm", name).to(kRealm),
	}, about...)}
	t[kServicegroup] = table{name: "servicegroup", id: "servicegroup_name", rows: append([]row{
		a("servicegroup_name", name), a("members", names),
		a("servicegroup_members", names).to(kServicegroup),
	}, about...)}
	t[kContactgroup] = table{name: "contactgroup", id: "contactgroup_name", rows: append([]row{
		a("contactgroup_name", name), a("members", names).to(kContact),
		a("contactgroup_members", names).to(kContactgroup),
	}, about...)}
}

func noticeTables(t *[numKinds]table) {
	t[kContact] = table{name: "contact", id: "contact_name", vars: true, rows: append([]row{
		a("contact_name", name), a("alias", text), a("contactgroups contact_groups", names).to(kContactgroup),
		a("email", text), a("pager", text),
		a("address1", text), a("address2", text), a("address3", text),
		a("address4", text), a("address5", text), a("address6", text),
		u("can_submit_commands", flag).but("1"), m("is_admin", flag), m("expert", flag), m("password", text),
		u("retain_status_information", flag).but("1"), u("retain_nonstatus_information", flag).but("1"),
		a("notificationways", names).to(kNotificationway),
		a("minimum_importance minimum_value", number),
	}, wayRows()...)}
	t[kNotificationway] = table{
		name: "notificationway", id: "notificationway_name", shinken: true,
		rows: append([]row{a("notificationway_name", name)}, wayRows()...),
	}
	t[kCommand] = table{name: "command", id: "command_name", rows: []row{
		a("command_name", name), a("command_line", text), a("poller_tag", name), a("reactionner_tag", name),
		m("module_type", name), a("timeout", seconds), u("enable_environment_macros", flag).but("0"), m("priority", number),
	}}
	t[kTimeperiod] = table{name: "timeperiod", id: "timeperiod_name", free: true, rows: []row{
		a("timeperiod_name", name), a("alias", text), a("exclude", names).to(kTimeperiod), m("is_active", flag),
	}}
	t[kHostdependency] = table{name: "hostdependency", rows: hostDependencyRows()}
	t[kServicedependency] = table{name: "servicedependency", rows: serviceDependencyRows()}
	t[kHostescalation] = table{name: "hostescalation", rows: append([]row{
		a("host_name host", names).to(kHost), a("hostgroup_name hostgroup hostgroups", names).to(kHostgroup),
	}, escalationRows()...)}
	t[kServiceescalation] = table{name: "serviceescalation", rows: append([]row{
		a("host_name host", names).to(kHost), a("hostgroup_name hostgroup hostgroups", names).to(kHostgroup),
		a("service_description description", names),
		a("servicegroup_name servicegroup servicegroups", names).to(kServicegroup),
	}, escalationRows()...)}
	t[kEscalation] = table{
		name: "escalation", id: "escalation_name", shinken: true,
		rows: append([]row{a("escalation_name", name), m("time_based", flag)}, escalationRows()...),
	}
	extInfoTables(t)
}

// wayRows say how somebody is told, in contacts and notification ways.
func wayRows() []row {
	return []row{
		a("host_notifications_enabled", flag), a("service_notifications_enabled", flag),
		a("host_notification_period", name).to(kTimeperiod), a("service_notification_period", name).to(kTimeperiod),
		a("host_notification_options", options), a("service_notification_options", options),
		a("host_notification_commands", calls).to(kCommand), a("service_notification_commands", calls).to(kCommand),
		a("min_business_impact min_criticity", number),
	}
}

func dependencyRows() []row {
	return []row{
		a("host_name host master_host master_host_name", names).to(kHost),
		a("hostgroup_name hostgroup hostgroups", names).to(kHostgroup),
		a("dependent_host_name dependent_host", names).to(kHost),
		a("dependent_hostgroup_name dependent_hostgroup dependent_hostgroups", names).to(kHostgroup),
		a("inherits_parent", flag), a("dependency_period", name).to(kTimeperiod),
		a("execution_failure_criteria execution_failure_options", options),
		a("notification_failure_criteria notification_failure_options", options),
	}
}

func hostDependencyRows() []row { return dependencyRows() }

func serviceDependencyRows() []row {
	return append([]row{
		a("service_description description master_description master_service_description", names),
		a("dependent_service_description dependent_description", names),
		a("servicegroup_name servicegroup servicegroups", names).to(kServicegroup),
		a("dependent_servicegroup_name dependent_servicegroup dependent_servicegroups", names).to(kServicegroup),
		a("explode_hostgroup", flag),
	}, dependencyRows()...)
}

func escalationRows() []row {
	return []row{
		a("first_notification", number), a("last_notification", number),
		a("first_notification_time", units), a("last_notification_time", units),
		a("notification_interval", units), a("escalation_period", name).to(kTimeperiod),
		a("escalation_options", options),
		a("contacts", names).to(kContact), a("contact_groups", names).to(kContactgroup),
	}
}

func extInfoTables(t *[numKinds]table) {
	about := []row{
		a("host_name", names).to(kHost), a("hostgroup_name hostgroup", names).to(kHostgroup),
		a("notes", text), a("notes_url", text), a("action_url", text), m("icon_image", text), m("icon_image_alt", text),
	}
	t[kHostextinfo] = table{name: "hostextinfo", rows: append([]row{
		m("vrml_image", text), m("statusmap_image gd2_image", text), m("2d_coords", coords), m("3d_coords", coords),
	}, about...)}
	t[kServiceextinfo] = table{name: "serviceextinfo", rows: append([]row{a("service_description", names)}, about...)}
}
