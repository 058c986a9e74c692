package service_test

import (
	"slices"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const mrpeExample = "<<<mrpe>>>\n" +
	"(check_disk) Disk%20root 0 DISK OK - free space: / 78041MiB (83% inode=97%);| /=15960375296B;243497277849;257024904396;0;270552530944\n" +
	"(check_x) Two_lines 1 first|a=1\x01second\x01third|b=2\x01c=3\n" +
	"Old_agent 2 no plugin name\n" +
	"(check_y) Odd 9 text\n" +
	"<<<mrpe:cached(1699999990,300)>>>\n" +
	"(check_z) Slow 0 fine\n"

func TestMRPEGivesWhatThePluginSaid(t *testing.T) {
	want := []string{"Disk root=Disk root", "Two_lines=Two_lines", "Old_agent=Old_agent", "Odd=Odd", "Slow=Slow"}
	if got := offers(t, "mrpe", mrpeExample); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	expect(t, h.look(t, "mrpe", mrpeExample, "-i", "Disk root"), monitor.OK, "DISK OK - free space: / 78041MiB (83% inode=97%):",
		"/=15960375296B;243497277849;257024904396;0;270552530944")
	got := h.look(t, "mrpe", mrpeExample, "-i", "Two_lines")
	expect(t, got, monitor.Warning, "first", "a=1 b=2 c=3")
	if got.LongOutput != "second\nthird" {
		t.Errorf("long output: got %q", got.LongOutput)
	}
	expect(t, h.look(t, "mrpe", mrpeExample, "-i", "Old_agent"), monitor.Critical, "no plugin name", "")
	expect(t, h.look(t, "mrpe", mrpeExample, "-i", "Odd"), monitor.Unknown, "Invalid plugin status '9'. Output is: text", "")
	expect(t, h.look(t, "mrpe", mrpeExample, "-i", "Slow"), monitor.OK, "fine", "")
	if got := h.look(t, "mrpe", mrpeExample, "-i", "nix"); got.State != monitor.Unknown {
		t.Errorf("no such check: got %v %s", got.State, got.Output)
	}
}

func TestMRPELinesMayBeCached(t *testing.T) {
	var h host
	out := "<<<mrpe>>>\ncached(1699999000,300) (check_x) Slow 0 fine\n"
	expect(t, h.look(t, "mrpe", out, "-i", "Slow"), monitor.Unknown, "fine, outdated: made 17 min 40 s ago, every 5 min 0 s(?)", "")
	for _, line := range []string{"", "(check_x)", "(check_x) Name", "Name"} {
		if got := offers(t, "mrpe", "<<<mrpe>>>\n"+line+"\n"); len(got) != 0 {
			t.Errorf("%q: got %q, want no check", line, got)
		}
	}
}
