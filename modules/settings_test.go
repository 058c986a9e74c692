package modules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

func define(pairs ...string) *monitor.Module {
	m := &monitor.Module{Name: "in", Type: "NSCA_Server", File: "/etc/onbu/modules.cfg", Line: 10}
	for i := 0; i < len(pairs); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: pairs[i], Value: pairs[i+1], Line: 11 + uint32(i/2)})
	}
	return m
}

func TestSettingsAreReadInTheFormsThatPeopleWrite(t *testing.T) {
	s := modules.Read(define("port", "5667", "spare", "yes", "age", "2d", "wait", "1.5", "size", "64M", "hosts", "a, b c", "cert", "in.pem", "mode", "XML"))
	got := []any{
		s.Type(), s.Int("port", 1, 1, 65535), s.Bool("spare", false), s.Duration("age", 0, 0, 1000*time.Hour), s.Duration("wait", 0, 0, time.Hour),
		s.Bytes("size", 0, 0, 1<<30), s.Words("hosts"), s.Path("cert", ""), s.Choice("mode", "json", "json", "xml"), s.Text("absent", "so"),
	}
	want := []any{
		"nsca_server", 5667, true, 48 * time.Hour, 1500 * time.Millisecond, int64(64 << 20), []string{"a", "b", "c"}, "/etc/onbu/in.pem", "xml", "so",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := s.Err(); err != nil {
		t.Errorf("all is well, but: %v", err)
	}
}

func TestAllMistakesAreToldAtOnceWithTheirLines(t *testing.T) {
	s := modules.Read(define("port", "70000", "spare", "perhaps", "age", "soon", "size", "9G", "mode", "jsom", "pasword", "hunter2"))
	s.Int("port", 1, 1, 65535)
	s.Bool("spare", false)
	s.Duration("age", 0, 0, time.Hour)
	s.Bytes("size", 0, 0, 1<<30)
	s.Choice("mode", "json", "json", "xml")
	s.Text("password", "")
	s.Wrong("password", "is needed")
	err := s.Err()
	if err == nil {
		t.Fatal("nothing is wrong?")
	}
	for _, want := range []string{
		`/etc/onbu/modules.cfg:11: module in (NSCA_Server): port is "70000": write a whole number from 1 to 65535`,
		`:12: module in (NSCA_Server): spare is "perhaps": write 1 or 0`,
		`:13: `, `:14: `, `:15: module in (NSCA_Server): mode is "jsom": write one of json, xml; did you mean json?`,
		`:10: module in (NSCA_Server): password: is needed`,
		`:16: module in (NSCA_Server): there is no setting pasword; did you mean password?`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\nin:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret stands in the mistakes: %v", err)
	}
}
