package core

import (
	"reflect"
	"testing"
)

// survives says of every field of a core what becomes of it when another owner takes over. TestAHandOverChangesNothing compares
// what is in a Snapshot; a field that is made anew has its reason here.
var survives = map[string]string{
	"program": "in the Snapshot", "muted": "in the Snapshot", "downtimes": "in the Snapshot", "comments": "in the Snapshot", "away": "in the Snapshot",
	"ackUntil": "in the Snapshot, with the status", "shownSince": "in the Snapshot, with the status", "told": "in the Snapshot", "lastID": "in the Snapshot, as NextID", "snapped": "in the Snapshot, with the status",
	"maintained": "in the Snapshot", "waiting": "in the Snapshot, as Held in the status; what it waits for is asked again", "now": "in the Snapshot",
	"callers":  "the heir has a clock of its own",
	"standing": "in the Snapshot", "times": "in the Snapshot", "text": "in the Snapshot", "past": "in the Snapshot",
	"run":  "in the Snapshot but for the job under way, which the heir issues again",
	"post": "the links of payloads are in the Snapshot; sources in other shards are asked again",

	"compiled": "from the inventory", "epoch": "of the heir", "start": "of the heir", "names": "numbers of names in the statuses",
	"wheel": "laid out by Begin from the next checks", "agenda": "written by Begin", "freshness": "set by Begin",
	"suffering": "worked out by Begin from the states", "rules": "worked out by Begin from the states", "resolver": "from the inventory",
	"compileTriggers": "of the heir", "jury": "from the inventory", "trials": "of the last results, for explain only",
	"totals": "told by the heir's scheduler", "lastPerfdata": "as after a restart: of the results since", "obsessed": "a line in the log is said again",
	"borders":     "states of hosts in other shards: asked again",
	"beats":       "learnt again from the next results: whether a poller answers regularly",
	"watch":       "learnt again from the next results: which pollers have lost their network",
	"back":        "for results that began before a parent came back; the job under way is issued again",
	"seenThrough": "learnt again from the next results",
	"pulses":      "when a host's services were last counted for flapping: once sooner at most",

	"due": "scratch", "touched": "scratch", "asked": "scratch", "answering": "scratch", "settling": "scratch", "work": "scratch",
}

// Who adds a field to the core decides here whether it goes along.
func TestEveryFieldOfTheCoreHasItsFateInAHandOver(t *testing.T) {
	there := map[string]bool{}
	for _, of := range []reflect.Type{reflect.TypeFor[Core](), reflect.TypeFor[tables]()} {
		for i := range of.NumField() {
			name := of.Field(i).Name
			there[name] = true
			if name != "tables" && survives[name] == "" {
				t.Errorf("%s of %s: does it survive when another scheduler takes the shard? say so in survives, and put it into Snapshot if it has to", name, of.Name())
			}
		}
	}
	for name := range survives {
		if !there[name] {
			t.Errorf("%s is no field any more", name)
		}
	}
}
