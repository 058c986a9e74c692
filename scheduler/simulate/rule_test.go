package simulate_test

import (
	"testing"
	"time"
)

// A business rule goes the whole way: read from files, tied to its members, worked out when they fail, told to people.
func TestABusinessRuleIsToldWhenItsMembersFail(t *testing.T) {
	inv := siteWith(t, "define hostgroup {\n    hostgroup_name  shops", `define service {
    use                  every-5m
    host_name            db1
    service_description  shopping
    check_command        bp_rule!1 of: g:shops,http
    max_check_attempts   1
}

define hostgroup {
    hostgroup_name  shops`)
	r := play(t, inv, `at 10m result shop-1/http CRITICAL "no page"
at 30m result shop-2/http CRITICAL "no page"
at 60m result shop-1/http OK "page"
until 2h`)
	from, failed := changed(r, "db1/shopping", "CRITICAL", 0)
	to, over := changed(r, "db1/shopping", "OK", from)
	if !failed || from < 30*time.Minute || from > 40*time.Minute {
		t.Errorf("it fails at %v (%v), want soon after 30m", from, failed)
	}
	if !over || to < 60*time.Minute || to > 66*time.Minute {
		t.Errorf("it is well again at %v (%v), want soon after 60m", to, over)
	}
	told := 0
	for _, n := range r.Notifications {
		if n.Host == "db1" && n.Service == "shopping" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("people were told %d times, want of the problem and of its end", told)
	}
}
