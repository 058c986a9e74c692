package nagios_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// tape notes what a sink is given, in order.
type tape struct {
	said []string
	// over and lost are words in commands that are over the quota, and not stored.
	over, lost string
}

func (t *tape) Submit(_ context.Context, results []monitor.Submission) (modules.Receipt, error) {
	for i := range results {
		t.said = append(t.said, "result "+results[i].Host)
	}
	return modules.Receipt{Stored: len(results)}, nil
}

func (t *tape) Obey(ctx context.Context, line, source string) error {
	return t.ObeyAll(ctx, []string{line}, source)[0]
}

func (t *tape) ObeyAll(_ context.Context, lines []string, _ string) []error {
	out := make([]error, len(lines))
	for i, line := range lines {
		switch {
		case t.over != "" && strings.Contains(line, t.over):
			out[i] = fmt.Errorf("%w, %w", modules.ErrOver, modules.ErrRefused)
		case t.lost != "" && strings.Contains(line, t.lost):
			out[i] = errors.New("the disk is full")
		case strings.Contains(line, "nobody"):
			out[i] = fmt.Errorf("no such host: %w", modules.ErrRefused)
		default:
			t.said = append(t.said, line)
		}
	}
	return out
}

func take(t *tape, may func(string) bool, lines ...string) (nagios.Report, error) {
	o := nagios.Orders{Sink: t, Source: "s", May: may}
	return o.Take(context.Background(), slices.Values(lines))
}

func TestResultsAloneGoTheFastWay(t *testing.T) {
	sink := &tape{}
	report, err := take(sink, nil, "[7] process_host_check_result;a;0;up", "PROCESS_SERVICE_CHECK_RESULT;b;x;2;bad")
	if err != nil || report.Results.Stored != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	if diff := cmp.Diff([]string{"result a", "result b"}, sink.said); diff != "" {
		t.Error(diff)
	}
}

func TestACommandAmongResultsKeepsItsPlace(t *testing.T) {
	lines := []string{"[7] PROCESS_HOST_CHECK_RESULT;a;1;down", "[7] DISABLE_PASSIVE_HOST_CHECKS;a", "[7] PROCESS_HOST_CHECK_RESULT;a;0;up"}
	sink := &tape{}
	report, err := take(sink, nil, lines...)
	if err != nil || report.Results.Stored != 2 || report.Obeyed != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if diff := cmp.Diff(lines, sink.said); diff != "" {
		t.Error(diff)
	}
}

func TestMixedLinesAreCountedAsTheyAre(t *testing.T) {
	sink := &tape{over: "quick"}
	may := func(host string) bool { return host != "foreign" }
	report, err := take(sink, may, "DISABLE_HOST_CHECK;a", "PROCESS_HOST_CHECK_RESULT;nobody;0;up", "PROCESS_HOST_CHECK_RESULT;quick;0;up",
		"PROCESS_HOST_CHECK_RESULT;foreign;0;up", "DISABLE_HOST_CHECK;nobody", "DISABLE_NOTIFICATIONS", "NONSENSE", "PROCESS_HOST_CHECK_RESULT;a;0;up")
	if err != nil {
		t.Fatal(err)
	}
	want := nagios.Report{Results: modules.Receipt{Stored: 1, Unknown: 1, Over: 1}, Obeyed: 1, Foreign: 1, Wrong: 3}
	report.Why = nil
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotStoredIsNoRefusal(t *testing.T) {
	if report, err := take(&tape{lost: "web"}, nil, "DISABLE_HOST_CHECK;a", "PROCESS_HOST_CHECK_RESULT;web;0;up"); err == nil || report.Wrong != 0 {
		t.Errorf("%+v, %v: want an error, as the sender has to send it again", report, err)
	}
}
