package command_test

import (
	"testing"

	"github.com/onbu/onbu/monitor/command"
)

func parsed(t *testing.T, line string) *command.Request {
	t.Helper()
	r, err := command.Parse(line, 1)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestALaterCommandOverrulesWhatItUndoes(t *testing.T) {
	const downtime = "SCHEDULE_SVC_DOWNTIME;h;s;1;2;1;0;0;ann;works"
	for _, c := range []struct {
		later, earlier string
		is             bool
	}{
		{"ENABLE_SVC_NOTIFICATIONS;h;s", "DISABLE_SVC_NOTIFICATIONS;h;s", true},
		{"ENABLE_SVC_NOTIFICATIONS;h;other", "DISABLE_SVC_NOTIFICATIONS;h;s", false},
		{"ENABLE_SVC_CHECK;h;s", "DISABLE_SVC_NOTIFICATIONS;h;s", false},
		{"ENABLE_HOST_SVC_CHECKS;h", "DISABLE_SVC_CHECK;h;s", true},
		{"ENABLE_HOST_SVC_CHECKS;h", "DISABLE_HOST_CHECK;h", false},
		{"ENABLE_HOST_NOTIFICATIONS;h", "DISABLE_HOST_AND_CHILD_NOTIFICATIONS;h", true},
		{"STOP_OBSESSING_OVER_HOST;h", "START_OBSESSING_OVER_HOST;h", true},
		{"REMOVE_SVC_ACKNOWLEDGEMENT;h;s", "ACKNOWLEDGE_SVC_PROBLEM;h;s;2;0;1;ann;seen", true},
		{"ACKNOWLEDGE_SVC_PROBLEM;h;s;2;0;1;bob;mine", "ACKNOWLEDGE_SVC_PROBLEM_EXPIRE;h;s;2;0;1;99;ann;seen", true},
		{"ADD_SVC_COMMENT;h;s;1;bob;b", "ADD_SVC_COMMENT;h;s;1;ann;a", false},
		{"DEL_ALL_SVC_COMMENTS;h;s", "ADD_SVC_COMMENT;h;s;1;ann;a", true},
		{"ADD_SVC_COMMENT;h;s;1;ann;a", "DEL_ALL_SVC_COMMENTS;h;s", true},
		{"DEL_ALL_SVC_DOWNTIMES;h;s", downtime, true},
		{downtime, downtime, false},
		{"ADD_SVC_COMMENT;h;s;1;bob;b", downtime, false},
		{"CHANGE_RETRY_SVC_CHECK_INTERVAL;h;s;3", "CHANGE_RETRY_SVC_CHECK_INTERVAL;h;s;5", true},
		{"CHANGE_CUSTOM_SVC_VAR;h;s;_A;3", "CHANGE_CUSTOM_SVC_VAR;h;s;_a;5", true},
		{"CHANGE_CUSTOM_SVC_VAR;h;s;_A;3", "CHANGE_CUSTOM_SVC_VAR;h;s;_B;5", false},
		{"SCHEDULE_FORCED_SVC_CHECK;h;s;1", "SCHEDULE_FORCED_SVC_CHECK;h;s;1", false},
		{"ADD_SIMPLE_HOST_DEPENDENCY;h;f", "DEL_HOST_DEPENDENCY;h;f", false},
	} {
		if got := parsed(t, c.later).Overrules(parsed(t, c.earlier)); got != c.is {
			t.Errorf("%s overrules %s: %v", c.later, c.earlier, got)
		}
	}
}

func TestWhatACommandDoesForItsOwnHost(t *testing.T) {
	for line, want := range map[string]string{
		"SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;h;1;2;0;7;60;ann;works": "[0] SCHEDULE_HOST_DOWNTIME;h;1;2;0;0;60;ann;works",
		"SCHEDULE_SVC_DOWNTIME;h;s;1;2;1;9;0;ann;works":                         "[0] SCHEDULE_SVC_DOWNTIME;h;s;1;2;1;0;0;ann;works",
		"DISABLE_HOST_AND_CHILD_NOTIFICATIONS;h":                                "[0] DISABLE_HOST_NOTIFICATIONS;h",
		"DISABLE_ALL_NOTIFICATIONS_BEYOND_HOST;h":                               "",
		"ADD_HOST_COMMENT;h;1;ann;a; b":                                         "[0] ADD_HOST_COMMENT;h;1;ann;a; b",
	} {
		given := parsed(t, line)
		before := given.String()
		own, some := given.Own()
		if got := own.String(); some != (want != "") || some && got != want {
			t.Errorf("%s: got %q, %v", line, got, some)
		}
		if given.String() != before {
			t.Errorf("%s was changed to %s", before, given)
		}
	}
}
