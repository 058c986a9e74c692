package simulate_test

import (
	"testing"
	"time"
)

// A trigger counts where the script says what was measured; elsewhere it is not held against a service that nothing was.
func TestATriggerJudgesWhatAScriptMeasures(t *testing.T) {
	inv := siteWith(t, "define hostgroup {\n    hostgroup_name  shops", `define service {
    use                  every-5m
    host_name            db1
    service_description  queries
    check_command        tcp!3306
    max_check_attempts   1
    trigger              ok(self) if perf(self, "slow") < 10 else critical(self, "%d slow queries" % perf(self, "slow"))
}

define hostgroup {
    hostgroup_name  shops`)
	r := play(t, inv, `at 60m result db1/queries OK "as usual | slow=20"
at 61m result db1/queries OK "as usual | slow=2"
at 90m result db1/queries WARNING "as usual"
until 2h`)
	from, failed := changed(r, "db1/queries", "CRITICAL", 0)
	to, over := changed(r, "db1/queries", "OK", from)
	warned, as := changed(r, "db1/queries", "WARNING", to)
	const minute = time.Minute
	if !failed || !over || !as || from.Truncate(minute) != 60*minute || to.Truncate(minute) != 61*minute || warned.Truncate(minute) != 90*minute {
		t.Errorf("CRITICAL at %v (%v), OK at %v (%v), WARNING at %v (%v); want 60m, 61m, 90m", from, failed, to, over, warned, as)
	}
}
