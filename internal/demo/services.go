package demo

// services defines what is looked at on the hosts, by group.
func services() string {
	d := about("What is looked at, by host group.")
	add := func(groups, name, command string, more ...string) {
		d.define("service", append(pairs{"use", "regular", "hostgroup_name", groups, "service_description", name, "check_command", command}, more...))
	}
	add("switches,routers", "Uptime", "snmp!-o sysUpTime.0 -l uptime", "contact_groups", "network")
	add("switches,routers", "Uplink traffic", "snmp!-o ifInOctets.1 -o ifOutOctets.1 --rate -l traffic -u B,B", "contact_groups", "network")

	add(servers, "Agent", "agent!")
	add(servers, "CPU load", "agent!-s cpu -w 12 -c 24")
	add(servers, "Memory", "agent!-s mem")
	add(servers, "Filesystem /", "agent!-s df -i / -w 80 -c 90", "servicegroups", "capacity")
	add(servers, "Network eth0", "agent!-s lnx_if -i eth0 -o state=any")
	add("db,files,mail,backup", "Filesystem /srv", "agent!-s df -i /srv -w 80 -c 90", "servicegroups", "capacity")
	add("storage", "RAID", "agent!-s local -i RAID", "business_impact", "5")
	// Nobody is told of a page that is away for less than a minute: of one that comes and goes people hear once, when it flaps.
	add("web", "HTTP", "http", "servicegroups", "web-services", "business_impact", "4", "first_notification_delay", "60")
	add("web", "Certificate", "agent!-s local -i Certificate", "servicegroups", "web-services", "check_interval", "30")
	add("web", "Visitors", "agent!-s local -i Visitors", "servicegroups", "web-services")
	add("app", "HTTP", "http")
	add("app", "Queue", "agent!-s local -i Queue")
	add("db", "Database", "database", "business_impact", "4")
	add("mail", "SMTP", "smtp")
	add("mail", "Mail queue", "agent!-s local -i Mails")
	add("printers", "Web page", "http", "check_interval", "45", "business_impact", "1")

	add("guests", "Power", "payload!-s esx_vm_power")
	add("guests", "CPU demand", "payload!-s esx_vm_cpu")
	add("guests", "Memory", "payload!-s esx_vm_mem")
	add("guests", "Tools", "payload!-s esx_vm_heartbeat")
	add("containers", "Requests", "payload!-s local -i Requests")
	add("containers", "Memory", "payload!-s local -i Memory")

	d.define("service", pairs{"use", "reported", "hostgroup_name", "backup,db", "service_description", "Nightly backup", "servicegroups", "backups"})
	d.define("servicedependency", pairs{
		"hostgroup_name", "mail", "service_description", "SMTP", "dependent_service_description", "Mail queue",
		"execution_failure_criteria", "n", "notification_failure_criteria", "w,u,c",
	})
	return d.String()
}

// shopFile is the business: rules over the services above.
func shopFile() string {
	d := about("The shop as its customers see it: business rules over what it is made of.")
	d.define("command", pairs{"command_name", "always-up", "command_line", `/usr/lib/nagios/plugins/check_dummy 0 "see its services"`})
	d.define("host", pairs{
		"use", "device", "host_name", shop, "alias", "What customers see", "address", "127.0.0.1", "check_command", "always-up", "check_interval", "60",
		"hostgroups", "business,hamburg", "business_impact", "5", "contact_groups", "network,servers",
	})
	for _, s := range [][3]string{
		{"Storefront", "bp_rule!6,1,3 of: ham-web-1,HTTP | ham-web-2,HTTP | ham-web-3,HTTP | ham-web-4,HTTP | por-web-1,HTTP | por-web-2,HTTP", "5"},
		{"Orders", "bp_rule!(ham-app-1,HTTP | ham-app-2,HTTP) & (ham-db-1,Database | ham-db-2,Database)", "5"},
		{"Porto counter", "bp_rule!por-app-1,HTTP & por-db-1,Database", "4"},
	} {
		d.define("service", pairs{
			"use", "regular", "host_name", shop, "service_description", s[0], "check_command", s[1], "business_impact", s[2],
			"max_check_attempts", "1", "contact_groups", "network,servers",
		})
	}
	return d.String()
}

// escalations says who is told when nobody does anything.
func escalations() string {
	d := about("Who is told when a problem lasts.")
	d.define("hostescalation", pairs{"hostgroup_name", "switches,routers", "first_notification", "2", "last_notification", "0", "notification_interval", "120", "contacts", "anna,night-shift"})
	d.define("serviceescalation", pairs{"hostgroup_name", "db", "service_description", "Filesystem /srv", "first_notification", "2", "last_notification", "0", "notification_interval", "120", "contacts", "ben,night-shift"})
	return d.String()
}
