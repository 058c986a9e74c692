package logline_test

import (
	"fmt"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// What somebody writes into a comment, or what a reason quotes, does not change whether a command was refused, and why.
func TestARefusalIsWhatTheEngineAnswered(t *testing.T) {
	const comment, reason = "ADD_SVC_COMMENT;web;disk;1;me;the vendor: refused: again", `host web has no service "x: refused: y"`
	for _, test := range []struct{ what, text, answer, want string }{
		{"done", comment, monitor.AnswerDone, `web disk "` + comment + `" "" false`},
		{"refused", comment + ": refused: it is late", monitor.AnswerRefused + "it is late", `web disk "` + comment + `" "it is late" true`},
		{"with a reason that quotes", "DISABLE_SVC_CHECK;web;x: refused: y: refused: " + reason, monitor.AnswerRefused + reason, fmt.Sprintf("web x: refused: y %q %q true", "DISABLE_SVC_CHECK;web;x: refused: y", reason)},
		{"of an older release", comment + ": refused: it is late", "", `web disk "` + comment + `" "it is late" true`},
		{"to everybody, in part", "DEL_HOST_COMMENT;4: refused: there is no comment 4", monitor.AnswerRefused + "there is no comment 4", `  "DEL_HOST_COMMENT;4" "" false`},
	} {
		l, ok := logline.Of(&monitor.Brok{Kind: monitor.BrokCommand, Text: "EXTERNAL COMMAND: [17] " + test.text, Answer: test.answer})
		line, why, refused := l.Refusal()
		if got := fmt.Sprintf("%s %s %q %q %t", l.Host, l.Service, line, why, refused); !ok || got != test.want {
			t.Errorf("%s: got %s, want %s", test.what, got, test.want)
		}
	}
}
