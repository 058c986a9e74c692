package recall_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/recall"
)

func obeyed(text string, at time.Duration) *monitor.Brok {
	return &monitor.Brok{Kind: monitor.BrokCommand, Time: monitor.Time(at), Text: "EXTERNAL COMMAND: [1767225600] " + text, By: "page:ann", Answer: monitor.AnswerDone}
}

func TestCommandsAreRememberedForAWhile(t *testing.T) {
	var o recall.Obeyed
	o.Note(obeyed("ENABLE_NOTIFICATIONS", 1))
	o.Note(obeyed("PROCESS_HOST_CHECK_RESULT;web;0;fine", 1))
	refused := obeyed("ACKNOWLEDGE_HOST_PROBLEM;web;2;0;1;ann;seen: refused: web is UP: there is no problem", 1)
	refused.Answer = monitor.AnswerRefused + "web is UP: there is no problem"
	o.Note(refused)
	o.Note(obeyed("NO_SUCH;web", 1))
	o.Note(&monitor.Brok{Kind: monitor.BrokLog, Text: "EXTERNAL COMMAND: [1] DISABLE_HOST_CHECK;web"})
	if all := o.All(); len(all) != 0 {
		t.Errorf("commands that are for no host, or were refused: %v", all)
	}
	o.Note(obeyed("DISABLE_HOST_CHECK;web", time.Minute))
	o.Note(obeyed("ADD_HOST_COMMENT;db;1;ann;words", 2*time.Minute))
	all := o.All()
	if len(all) != 2 || all[0].Ref.Host != "web" || all[0].Obeyed != monitor.Time(time.Minute) || all[0].Source != "page:ann" {
		t.Errorf("got %v", all)
	}
	o.Note(obeyed("DISABLE_HOST_CHECK;db", 3*time.Minute))
	if all := o.All(); len(all) != 2 || all[0].Ref.Host != "db" {
		t.Errorf("two minutes later: %v", all)
	}
	for n := range 12_000 {
		o.Note(obeyed(fmt.Sprintf("DISABLE_HOST_CHECK;host-%d", n), 3*time.Minute+time.Duration(n)))
	}
	if all := o.All(); len(all) != 10_000 || all[9_999].Ref.Host != "host-11999" {
		t.Errorf("after a storm there are %d", len(all))
	}
}
