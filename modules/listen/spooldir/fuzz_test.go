package spooldir

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

func FuzzParse(f *testing.F) {
	f.Add("# x\nfile_time=5\n\nhost_name=a\nservice_description=b\nreturn_code=1\nstart_time=7.25\noutput=one\\ntwo|a=1\n\n")
	f.Add("host_name=a\noutput=b\nreturn_code=-99999999999999999999\nstart_time=9999999999.9999999")
	f.Fuzz(func(t *testing.T, text string) {
		const now = monitor.Time(10e9)
		all, partial, _ := parse([]byte(text), 1, now, 3e9)
		if n := strings.Count(text, "\n") + 1; len(all)+partial > n {
			t.Errorf("%d results in %d lines", len(all)+partial, n)
		}
		for _, s := range all {
			if s.Host == "" || s.State > monitor.Unknown || s.Time <= 0 || s.Time > now || strings.Contains(s.Output, "\n") {
				t.Errorf("%q gives %+v", text, s)
			}
		}
	})
}
