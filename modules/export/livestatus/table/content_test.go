package table_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/export/livestatus/table"
)

func TestWhatRowsShow(t *testing.T) {
	for _, x := range []struct {
		table   string
		columns []string
		want    []string
	}{
		{"hosts", words("name alias address childs parents groups services num_services num_services_crit num_services_hard_warn worst_service_state worst_service_hard_state"), []string{
			"app;app;app;[];[db];[all];[];0;0;0;0;0",
			"db;db;db;[app];[];[all];[];0;0;0;0;0",
			"web;the web;10.0.0.1;[];[];[all];[http ssh];2;1;1;2;1",
		}},
		{"hosts", words("name services_with_state services_with_info contacts contact_groups realm custom_variables last_update"), []string{
			"app;[];[];[zoe];[admins];All;[];1000",
			"db;[];[];[bob];[];;[];1000",
			"web;[[http 2 1] [ssh 0 1]];[[http 2 1 no answer] [ssh 0 1 ]];[zoe];[admins];All;[{RACK 7}];1000",
		}},
		{"services", words("description state state_type last_hard_state current_attempt max_check_attempts check_command check_period in_check_period check_interval retry_interval"), []string{
			`http;2;0;1;2;3;check_http!80!a\!b;24x7;0;5;1`,
			"ssh;0;0;0;0;0;;;1;0;0",
		}},
		{"services", words("description acknowledged acknowledgement_type scheduled_downtime_depth modified_attributes modified_attributes_list custom_variables is_problem business_impact groups host_groups host_custom_variable_names"), []string{
			"http;1;2;1;49153;[notifications_enabled check_timeperiod custom_variable];[{PORT 81}];1;5;[fronts];[all];[RACK]",
			"ssh;0;0;0;0;[];[];0;0;[];[all];[RACK]",
		}},
		{"services", words("description plugin_output long_plugin_output perf_data check_source last_check next_check last_state_change last_time_critical last_notification current_notification_number latency execution_time staleness"), []string{
			"http;no answer;for 10 s;time=10s;p1;900;960;890;900;895;2;0.05;10;0.3333333333333333",
			"ssh;;;;;800;0;0;0;0;0;0;0;0",
		}},
		{"services", words("description comments comments_with_info downtimes_with_info host_comments notes_expanded action_url_expanded"), []string{
			"http;[48];[[48 bob on it 890 4 0 0]];[[32 zoe update 0 850 2000 1 0 0]];[];see the web at 10.0.0.1, http on 81 ($USER1$);http://wiki/web?fronts",
			"ssh;[];[];[];[];;",
		}},
		{"hostgroups", words("name alias members members_with_state num_hosts num_hosts_up num_hosts_pending num_services num_services_crit worst_service_state"), []string{
			"all;everything;[web db app];[[web 0 1] [db 0 0] [app 0 0]];3;1;2;2;1;2",
		}},
		{"servicegroups", words("name members members_with_state num_services worst_service_state"), []string{"fronts;[[web http]];[[web http 2 1]];1;2"}},
		{"hostsbygroup", words("hostgroup_name name state"), []string{"all;web;0", "all;db;0", "all;app;0"}},
		{"servicesbyhostgroup", words("hostgroup_alias host_name description"), []string{"everything;web;http", "everything;web;ssh"}},
		{"servicesbygroup", words("servicegroup_name host_name description state"), []string{"fronts;web;http;2"}},
		{"contacts", words("name alias email groups host_notifications_enabled host_notification_period"), []string{"bob;bob;;[];0;24x7", "zoe;zoe;zoe@example.org;[admins];0;24x7"}},
		{"contactgroups", words("name members"), []string{"admins;[zoe]"}},
		{"commands", words("name line"), []string{"check-host-alive;ping", "check_http;$USER1$/check_http"}},
		{"timeperiods", words("name in days exclusions"), []string{"24x7;0;[[] [[0 86400]] [] [] [] [] []];[]"}},
		{"comments", words("id author comment entry_time entry_type type is_service host_name service_description service_state"), []string{"48;bob;on it;890;4;2;1;web;http;2"}},
		{"downtimes", words("id author comment start_time end_time fixed duration triggered_by type is_service host_alias"), []string{"32;zoe;update;850;2000;1;0;0;1;1;the web"}},
		{"log", words("lineno class host_name current_host_alias current_service_state current_contact_name current_command_line"), []string{
			"1;1;web;the web;2;;", "2;3;db;db;0;bob;$USER1$/check_http", "3;2;;;0;;", "4;1;gone;;0;;",
		}},
		{"status", words("livestatus_version program_version nagios_pid program_start interval_length enable_notifications requests requests_rate num_hosts num_services"), []string{
			"onbu-1-naemon;onbu-1;7;900;60;1;50;0.5;3;2",
		}},
	} {
		if diff := cmp.Diff(x.want, rows(t, small(), x.table, anyone, x.columns...)); diff != "" {
			t.Errorf("%s %v: %s", x.table, x.columns, diff)
		}
	}
}

// A contact sees what it is a contact of; http of web is zoe's, ssh bob's.
func TestAContactSeesItsOwn(t *testing.T) {
	zoe, bob := table.Narrow{Contact: "zoe"}, table.Narrow{Contact: "bob"}
	strict, loose := zoe, zoe
	strict.StrictServices, loose.LooseGroups = true, true
	for _, x := range []struct {
		table   string
		n       table.Narrow
		columns []string
		want    []string
	}{
		{"hosts", zoe, words("name"), []string{"app", "web"}},
		{"hosts", bob, words("name"), []string{"db"}},
		{"hosts", table.Narrow{Contact: "nobody"}, words("name"), nil},
		{"hosts", table.Narrow{}, words("name"), nil},
		{"services", zoe, words("description"), []string{"http", "ssh"}},
		{"services", strict, words("description"), []string{"http"}},
		{"services", bob, words("description"), []string{"ssh"}},
		{"hostgroups", zoe, words("name"), nil},
		{"hostgroups", loose, words("name members num_hosts"), []string{"all;[web app];2"}},
		{"servicegroups", zoe, words("name"), []string{"fronts"}},
		{"servicegroups", bob, words("name"), nil},
		{"hostsbygroup", bob, words("name"), []string{"db"}},
		{"servicesbyhostgroup", strict, words("description"), []string{"http"}},
		{"servicesbygroup", bob, words("description"), nil},
		{"comments", zoe, words("id"), []string{"48"}},
		{"comments", bob, words("id"), nil},
		{"downtimes", bob, words("id"), nil},
		{"hosts", strict, words("name services services_with_state services_with_info total_services num_services num_services_ok worst_service_state child_dependencies"), []string{
			"app;[];[];[];0;0;0;0;[]", "web;[http];[[http 2 1]];[[http 2 1 no answer]];1;1;0;2;[web/http]",
		}},
		{"hosts", zoe, words("name parents parent_dependencies num_services"), []string{"app;[];[];0", "web;[];[];2"}},
		{"hosts", anyone, words("name parents childs"), []string{"app;[db];[]", "db;[];[app]", "web;[];[]"}},
		{"hosts", bob, words("name childs child_dependencies"), []string{"db;[];[]"}},
		{"services", bob, words("description parent_dependencies"), []string{"ssh;[]"}},
		{"log", zoe, words("lineno"), []string{"1", "3"}},
		{"log", bob, words("lineno"), []string{"2", "3"}},
	} {
		if diff := cmp.Diff(x.want, rows(t, small(), x.table, x.n, x.columns...)); diff != "" {
			t.Errorf("%s for %+v: %s", x.table, x.n, diff)
		}
	}
}

func TestARowIsFoundByItsName(t *testing.T) {
	w, tables := small(), table.Tables()
	for _, x := range []struct {
		table, object string
		ok            bool
	}{
		{"hosts", "web", true},
		{"hosts", "none", false},
		{"services", "web;http", true},
		{"services", "web http", true},
		{"services", "web", false},
		{"services", "web;none", false},
	} {
		r, ok := tables[x.table].Find(w, anyone, x.object)
		if ok != x.ok {
			t.Errorf("%s of %s found: %v", x.object, x.table, ok)
		}
		if ok && x.table == "services" && show(column(t, tables[x.table], "plugin_output"), r) != "no answer" {
			t.Errorf("%s shows another service", x.object)
		}
	}
}

func TestAContactWaitsOnlyForItsOwn(t *testing.T) {
	w, tables := small(), table.Tables()
	n := table.Narrow{Contact: "zoe", StrictServices: true}
	for object, want := range map[string]bool{"web;http": true, "web;ssh": false} {
		if _, ok := tables["services"].Find(w, n, object); ok != want {
			t.Errorf("%s: found %v", object, ok)
		}
	}
	if _, ok := tables["hosts"].Find(w, n, "db"); ok {
		t.Error("a host that is bob's is found")
	}
}

func TestAQueryForOneHostSeesOnlyThat(t *testing.T) {
	n := anyone
	n.Host = "web"
	for of, want := range map[string]int{"hosts": 1, "services": 2, "hostsbygroup": 1, "servicesbygroup": 1, "comments": 1, "downtimes": 1} {
		if got := len(rows(t, small(), of, n, "host_name")); got != want {
			t.Errorf("%s of web: %d rows, want %d", of, got, want)
		}
	}
	n.Service = "ssh"
	if diff := cmp.Diff([]string{"ssh;0;1"}, rows(t, small(), "services", n, "description", "state", "has_been_checked")); diff != "" {
		t.Error(diff)
	}
	n.Contact, n.Anyone, n.StrictServices = "zoe", false, true
	if got := rows(t, small(), "services", n, "description"); got != nil {
		t.Errorf("a service that is bob's: %v", got)
	}
	n = anyone
	n.Host = "none"
	if got := rows(t, small(), "services", n, "description"); got != nil {
		t.Errorf("services of a host that is not there: %v", got)
	}
}
