package section_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
)

func TestSectionsThatPersistAreKeptUntilTheirTimeIsOver(t *testing.T) {
	now := time.Unix(1700000000, 0)
	var kept section.Kept
	for i, c := range []struct {
		output string
		after  time.Duration
		want   string
	}{
		{fmt.Sprintf("<<<a:persist(%d)>>>\n1\n<<<b>>>\n2\n", now.Unix()+100), 0, "1"},
		{"<<<b>>>\n2\n", 50 * time.Second, "1"},
		{"<<<b>>>\n2\n", 99 * time.Second, "1"},
		{"<<<b>>>\n2\n", 100 * time.Second, ""},
		{fmt.Sprintf("<<<a:persist(%d)>>>\n3\n", now.Unix()+300), 110 * time.Second, "3"},
		{fmt.Sprintf("<<<a:persist(%d)>>>\n4\n", now.Unix()+300), 120 * time.Second, "4"},
		{"", 130 * time.Second, "4"},
		{"<<<a>>>\n5\n", 140 * time.Second, "5"}, // it is there again, and is not to be kept
		{"", 150 * time.Second, ""},
		{fmt.Sprintf("<<<a:persist(%d)>>>\n%s\n", now.Unix()+300, strings.Repeat("x", 2<<20)), 160 * time.Second, strings.Repeat("x", 2<<20)},
		{"", 170 * time.Second, ""}, // too large to be kept
	} {
		var set section.Set
		section.ParseText(c.output, &set, section.Options{})
		kept.Merge(&set, now.Add(c.after))
		got := ""
		if s := set.Get("a"); s != nil {
			got = s.Parts[0].Lines[0]
		}
		if got != c.want {
			t.Errorf("output %d: got %.20q, want %.20q", i, got, c.want)
		}
	}
}
