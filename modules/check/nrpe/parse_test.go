package nrpe

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

var _ modules.Check = (*Module)(nil)

// base is what "check_nrpe -H h" says.
func base() settings {
	return settings{
		host: "h", port: 5666, network: "ip", query: "_NRPE_CHECK", timeout: 10 * time.Second, trouble: monitor.Critical,
		versions: []uint16{4, 3, 2}, payload: 1024,
		tlsSettings: tlsSettings{
			modes: []mode{anonymous, certified}, suites: adh.Suites(),
			minTLS: tls.VersionTLS10, maxTLS: tls.VersionTLS13, minCertified: tls.VersionTLS10,
		},
	}
}

func TestEveryOptionIsUnderstood(t *testing.T) {
	with := func(change func(s *settings)) settings {
		s := base()
		change(&s)
		return s
	}
	dh, ecdh := adh.Suites()[:6], adh.Suites()[6:]
	for _, test := range []struct {
		line string
		want settings
	}{
		{"-H h", base()},
		{"--host h", base()},
		{"--host=h", base()},
		{"--ho h", base()},
		{"-Hh -DE -g log -s 63 --stderr-to-stdout --disable-syslog ignored", base()},
		{"-H h -4", with(func(s *settings) { s.network = "ip4" })},
		{"-H h -4 --ipv6", with(func(s *settings) { s.network = "ip6" })},
		{"-H h -p 15666x", with(func(s *settings) { s.port = 15666 })},
		{"-H h -b 10.0.0.1", with(func(s *settings) { s.bind = netip.MustParseAddr("10.0.0.1") })},
		{"-H h -c check_load", with(func(s *settings) { s.query = "check_load" })},
		{"-H h -c check_x -a one -t 5 a!b", with(func(s *settings) { s.query = "check_x!one!-t!5!a!b" })},
		{"-H h -c check_x --args=one two", with(func(s *settings) { s.query = "check_x!--args=one!two" })},
		{"-H h -c check_x -aone two", with(func(s *settings) { s.query = "check_x!-aone!two" })},
		{"-H h -c x -- -a one", with(func(s *settings) { s.query = "x" })},
		{"-H h -t 25", with(func(s *settings) { s.timeout = 25 * time.Second })},
		{"-H h -t 25:warning", with(func(s *settings) { s.timeout, s.trouble = 25*time.Second, monitor.Warning })},
		{"-H h -t 25:3", with(func(s *settings) { s.timeout, s.trouble = 25*time.Second, monitor.Unknown })},
		{"-H h -t :Ok", with(func(s *settings) { s.trouble = monitor.OK })},
		{"-H h -t 5:", with(func(s *settings) { s.timeout = 5 * time.Second })},
		{"-H h -u", with(func(s *settings) { s.trouble = monitor.Unknown })},
		{"-H h -u -t 5:2", with(func(s *settings) { s.timeout = 5 * time.Second })},
		{"-H h -2", with(func(s *settings) { s.versions = []uint16{2} })},
		{"-H h -2P 4096", with(func(s *settings) { s.versions, s.payload = []uint16{2}, 4096 })},
		{"-H h -3", with(func(s *settings) { s.versions = []uint16{3, 2} })},
		{"-H h -n", with(func(s *settings) {
			s.modes, s.suites, s.minCertified = []mode{plain}, nil, 0
		})},
		{"-H h -n -A ca", with(func(s *settings) {
			s.modes, s.suites, s.minCertified, s.files.ca = []mode{plain}, nil, 0, "ca"
		})},
		{"-H h -d 0", with(func(s *settings) { s.modes, s.suites = []mode{certified, anonymous}, ecdh })},
		{"-H h -d 2", with(func(s *settings) { s.suites, s.minCertified = dh, tls.VersionTLS13 })},
		{"-H h -d 2 -S TLSv1.2", with(func(s *settings) {
			s.modes, s.suites, s.minTLS, s.maxTLS, s.minCertified = []mode{anonymous}, dh, tls.VersionTLS12, tls.VersionTLS12, tls.VersionTLS13
		})},
		{"-H h -A ca", with(func(s *settings) { s.modes, s.files.ca = []mode{certified}, "ca" })},
		{"-H h -C cert -K key", with(func(s *settings) {
			s.modes, s.files.cert, s.files.key = []mode{certified, anonymous}, "cert", "key"
		})},
		{"-H h -S TLSv1.2+", with(func(s *settings) { s.minTLS, s.minCertified = tls.VersionTLS12, tls.VersionTLS12 })},
		{"-H h -S TLSv1.3", with(func(s *settings) {
			s.modes, s.minTLS, s.minCertified = []mode{certified}, tls.VersionTLS13, tls.VersionTLS13
		})},
		{"-H h -S SSLv3+", base()},
		{"-H h -L ALL:!MD5:@STRENGTH:@SECLEVEL=0", base()},
		{"-H h -L ADH:@SECLEVEL=0", with(func(s *settings) { s.suites, s.minCertified = dh, tls.VersionTLS13 })},
		{"-H h -L ALL:!aNULL", with(func(s *settings) { s.modes, s.suites = []mode{certified}, nil })},
		{"-H h -L ALL:@SECLEVEL=1", with(func(s *settings) { s.modes, s.suites = []mode{certified}, nil })},
	} {
		got, err := parse(strings.Fields(test.line))
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		all := cmp.AllowUnexported(settings{}, tlsSettings{}, files{})
		if diff := cmp.Diff(test.want, got, all, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.line, diff)
		}
	}
}

// TestPluginsErrorsAreErrors checks that what check_nrpe refuses, or only it can do, is left to it.
func TestPluginsErrorsAreErrors(t *testing.T) {
	for line, want := range map[string]string{
		"":                            "-H is missing",
		"-c x":                        "-H is missing",
		"-H":                          "-H needs a value",
		"-H h -x":                     "no option -x",
		"-H h -e":                     "no option -e",
		"-H h -a":                     "-a needs a value",
		"-H h --bogus":                "no option --bogus",
		"-H h --h":                    "could mean several",
		"-H h --no-ssl=1":             "takes no value",
		"-H h --port":                 "--port needs a value",
		"-H h -p 0":                   "not a port",
		"-H h -p 66000":               "not a port",
		"-H h -t 0":                   "above 0",
		"-H h -t abc":                 "above 0",
		"-H h -t -5":                  "above 0",
		"-H h -t 5:FOO":               "the state must be",
		"-H h -d 3":                   "not 0, 1 or 2",
		"-H h -S TLSv2":               "not a version",
		"-H h -S SSLv3":               "only the plugin",
		"-H h -P 2048":                "-P needs -2",
		"-H h -2 -P -1":               "not a size",
		"-H h -2 -3":                  "exclude each other",
		"-H h -C cert":                "belong together",
		"-H h -K key":                 "belong together",
		"-H h -b eth0":                "not an address",
		"-H h -f /etc/nrpe.args":      "options from a file",
		"-H h -L ECDHE-RSA-AES128":    "only the plugin's OpenSSL",
		"-H h -L ADH":                 "without @SECLEVEL=0",
		"-H h -d 2 -S TLSv1.2 -A ca":  "no way to shake hands",
		"-h":                          "makes no check",
		"-V":                          "makes no check",
		"--license":                   "makes no check",
		"-H h --version --no-ssl -E ": "makes no check",
	} {
		if _, err := parse(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", line, err, want)
		}
	}
}

func TestOtherProgramsAreNotMine(t *testing.T) {
	m := New(Options{})
	for _, argv := range [][]string{nil, {"/usr/lib/nagios/plugins/check_tcp", "-H", "h"}, {"check_nrpe.pl"}} {
		if _, err := m.Parse(argv); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: %v", argv, err)
		}
	}
	if _, err := m.Parse([]string{"/opt/x/check_nrpe", "-H", "h"}); err != nil {
		t.Error(err)
	}
}

func TestQueryEndsWherePluginsBufferEnds(t *testing.T) {
	for _, test := range []struct {
		command string
		args    []string
		want    int
	}{
		{strings.Repeat("c", 3000), nil, 2047},
		{"c", []string{strings.Repeat("a", 3000)}, 2047},
		{strings.Repeat("c", 2045), []string{"abc"}, 2047},
		{strings.Repeat("c", 2046), []string{"abc"}, 2046},
	} {
		if got := len(join(test.command, test.args)); got != test.want {
			t.Errorf("%d + %d arguments: %d bytes, want %d", len(test.command), len(test.args), got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"-H h -c x -a a b", "-Hh -t5:1 -2P9", "--host=h --args=x", "-H h -L ALL:!ADH@SECLEVEL=0", "- -- -"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, err := parse(strings.Split(line, " "))
		if err == nil && (len(s.query) > maxQuery || s.timeout <= 0 || len(s.modes) == 0 || len(s.versions) == 0) {
			t.Errorf("%q gives %+v", line, s)
		}
	})
}
