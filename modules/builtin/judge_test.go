package builtin

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

func TestTypesThatNobodyHosts(t *testing.T) {
	for kind, want := range map[string]monitor.ModuleVerdict{
		"graphit":               {Wrong: []string{`m.cfg:3: module t2: there is no module_type "graphit"; did you mean graphite?`}},
		"":                      {Wrong: []string{`m.cfg:3: module t2: it has no module_type: write one, such as nsca or graphite`}},
		"our_own_thing":         {Doubtful: []string{`m.cfg:3: module t2: module_type "our_own_thing" is none that Onbu has: the module is not hosted`}},
		"Pickle_Retention_File": {Instead: "not needed: state is always kept"},
		"cfg_password_webui":    {Instead: "not hosted: it is a part of Shinken's web pages"},
	} {
		got := Judge(&monitor.Module{Name: "t2", Type: kind, File: "m.cfg", Line: 3})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", kind, diff)
		}
	}
}

func TestNoModuleOfOursIsCalledShinkens(t *testing.T) {
	var all []string
	for kind := range listeners() {
		all = append(all, kind)
	}
	for kind := range exporters() {
		all = append(all, kind)
	}
	for _, kind := range all {
		if v := Judge(&monitor.Module{Name: "m", Type: strings.ToUpper(kind)}); !v.Hosted {
			t.Errorf("%s is not hosted", kind)
		}
	}
	for _, r := range shinkens() {
		for _, pattern := range r.kinds {
			if _, err := path.Match(pattern, ""); err != nil {
				t.Errorf("%s: %v", pattern, err)
			}
		}
	}
}

// definition makes a module out of words "name value".
func definition(kind string, lines ...string) *monitor.Module {
	m := &monitor.Module{Name: "m", Type: kind, File: "/nowhere/m.cfg", Line: 1}
	for i, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value, Line: uint32(i + 2)})
	}
	return m
}

func TestWhatIsAllowedAndHardlyMeantIsDoubtful(t *testing.T) {
	lost := "/nowhere/lost: no such file or directory"
	for _, c := range []struct {
		m    *monitor.Module
		want string // a part of the only doubt; empty for none
	}{
		{definition("nsca", "encryption_method 1", "host *"), "/nowhere/m.cfg:2: module m (nsca): encryption_method: with 1 (xor) everybody who reaches :5667"},
		{definition("nsca", "encryption_method 1"), ""},
		{definition("nsca", "encryption_method 0", "host 10.1.1.1", "allowed_hosts 10.0.0.0/8"), ""},
		{definition("nsca", "encryption_method 14", "password x", "host *"), ""},
		{definition("nscaweb", "anonymous 1", "host 0.0.0.0"), "nscaweb): anonymous: everybody who reaches 0.0.0.0:"},
		{definition("http", "anonymous 1", "host localhost"), ""},
		{definition("http", "tokens_file lost"), "tokens_file: " + lost},
		{definition("http", "token a bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "tls_cert /", "tls_key lost"), "tls_key: " + lost},
		{definition("ws_arbiter"), "Shinken's module listens everywhere"},
		{definition("ws_arbiter", "host 0.0.0.0"), "username: everybody"},
		{definition("web_services"), ""},
		{definition("tsca", "host *"), "TSCA knows no passwords"},
		{definition("collectd"), "the group 239.192.74.66"},
		{definition("collectd", "host ::1", "types_db lost"), "types_db: open " + lost},
		{definition("collectd", "host 0.0.0.0"), "security_level: everybody"},
		{definition("check_results_dir", "path lost"), "path: " + lost},
		{definition("named_pipe", "command_file lost/pipe"), "command_file: " + lost},
		{definition("livestatus", "port 6557", "host *", "commands 1"), "sees every host and may give every command"},
		{definition("livestatus", "socket none", "port 6557", "database_file lost/db"), "database_file: " + lost},
		{definition("simple_log", "path lost/nagios.log"), "path: " + lost},
		{definition("ndjson", "path lost/events"), "path: " + lost},
		{definition("nats_subject", "creds_file lost"), "creds_file: " + lost},
		{definition("remote_write", "url https://x/", "ca_file lost"), "ca_file: " + lost},
	} {
		v := Judge(c.m)
		if len(v.Wrong) > 0 {
			t.Errorf("%v: mistakes: %v", c.m, v.Wrong)
		}
		if got := strings.Join(v.Doubtful, "\n"); !strings.Contains(got, c.want) || (got == "") != (c.want == "") || len(v.Doubtful) > 1 {
			t.Errorf("%v: got %q, want %q", c.m, got, c.want)
		}
	}
}

func TestAFileThatIsNotToBeReadIsAMistakeWhereTheModuleIsToRun(t *testing.T) {
	if _, _, err := Listen(definition("collectd", "host ::1", "types_db lost"), nowhere()); err == nil || !strings.Contains(err.Error(), "/nowhere/lost") {
		t.Errorf("got %v, want it refused", err)
	}
}
