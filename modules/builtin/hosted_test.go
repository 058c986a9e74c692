package builtin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/monitor"
)

func TestTheVerdictHasThePortsThatAModuleOpens(t *testing.T) {
	define := func(kind string, settings ...string) *monitor.Module {
		m := &monitor.Module{Name: "m", Type: kind}
		for _, line := range settings {
			name, value, _ := strings.Cut(line, " ")
			m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value})
		}
		return m
	}
	for _, test := range []struct {
		m    *monitor.Module
		want []string
	}{
		{define("nsca", "encryption_method 1", "server_port 6000"), []string{"tcp 127.0.0.1:6000"}},
		{define("tsca", "host *"), []string{"tcp :9090"}},
		{define("http", "port 80"), []string{"tcp 127.0.0.1:80"}},
		{define("nrdp", "port 81"), []string{"tcp 127.0.0.1:81"}},
		{define("ws_arbiter", "port 82"), []string{"tcp 127.0.0.1:82"}},
		{define("nscaweb", "port 83"), []string{"tcp 127.0.0.1:83"}},
		{define("collectd"), []string{"udp 127.0.0.1:25826"}},
		{define("livestatus", "socket /run/live", "port 6557"), []string{"tcp 127.0.0.1:6557", "unix /run/live"}},
		{define("livestatus", "socket /run/live"), []string{"unix /run/live"}},
		{define("check_results_dir", "path /x"), nil},
		{define("graphite"), nil},
	} {
		v := builtin.Judge(test.m)
		if diff := cmp.Diff(test.want, v.Ports); diff != "" || !v.Hosted {
			t.Errorf("%s: %s", test.m.Type, diff)
		}
	}
}
