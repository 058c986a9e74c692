package livestatus_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
)

// The client that Thruk is built upon (Monitoring::Livestatus) asks, waits and gives commands over one connection.
const perl = `
use strict; use warnings;
use Monitoring::Livestatus;
my $ml = Monitoring::Livestatus->new(peer => $ARGV[0], errors_are_fatal => 0, keepalive => 1, warnings => 0);
print "hosts ", join(",", @{$ml->selectcol_arrayref("GET hosts\nColumns: name")}), "\n";
my $disk = $ml->selectrow_hashref("GET services\nColumns: host_name description state plugin_output custom_variables\nFilter: state != 0");
print "disk ", join(",", map { $disk->{$_} } qw(host_name description state plugin_output)), "\n";
print "count ", $ml->selectscalar_value("GET services\nStats: state = 2"), "\n";
my $all = $ml->selectall_arrayref("GET hosts\nFilter: name = web", { Slice => {} });
print "all ", $all->[0]{alias}, " ", $all->[0]{services}[0], "\n";
my $by = $ml->selectall_hashref("GET services\nColumns: description state", "description");
print "http ", $by->{http}{state}, "\n";
$ml->selectall_arrayref("GET nosuch\nColumns: name");
print "error ", $Monitoring::Livestatus::ErrorCode, "\n";
my $waited = $ml->selectrow_arrayref("GET hosts\nColumns: name\nFilter: name = web\nWaitObject: web\nWaitCondition: last_check >= 1\nWaitTimeout: 1000\nWaitTrigger: check");
print "waited ", $waited->[0], "\n";
$ml->do("COMMAND [1] DISABLE_NOTIFICATIONS"); # the client closes its side after a command
`

func TestTheClientOfThrukUnderstands(t *testing.T) {
	program := realpeer.Program(t, "perl", "perl")
	if err := exec.Command(program, "-MMonitoring::Livestatus", "-e1").Run(); err != nil {
		realpeer.Skip(t, "Monitoring::Livestatus is not here: apt-get install libmonitoring-livestatus-perl")
	}
	e := newEngine()
	path := serving(t, e, "commands 1")
	out, err := exec.CommandContext(t.Context(), program, "-e", perl, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "hosts db,new,web\ndisk web,disk,2,full\ncount 1\nall the web disk\nhttp 0\nerror 404\nwaited web\n"
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(out), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"livestatus unix: [1] DISABLE_NOTIFICATIONS"}, e.obeyed()); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
