package snmp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/snmp"
)

func TestParseLeavesToThePluginWhatItCannotRun(t *testing.T) {
	m := snmp.New(snmp.Options{})
	for line, why := range map[string]string{
		"":                                                 "without options",
		"-o 1.3.6.1":                                       "no host",
		"-H a":                                             "no object",
		"-H a -o ,":                                        "no object",
		"-H a -o 1.3.6.1 -v":                               "-v",
		"-H a -o 1.3.6.1 -h":                               "-h",
		"-H a -o 1.3.6.1 --extra-opts":                     "reads files",
		"-H a -o 1.3.6.1 --nonsense":                       "not known",
		"-H a -o 1.3.6.1 -P 4":                             "versions",
		"-H a -o 1.3.6.1 -t 10:CRITICAL":                   "-t",
		"-H a -o 1.3.6.1 -t 0":                             "-t",
		"-H a -o 1.3.6.1 -e -1":                            "-e",
		"-H a -o 1.3.6.1 -p snmp":                          "port",
		"-H a -o 1.3.6.1 -p 0":                             "port",
		"-H ::1 -o 1.3.6.1":                                "udp6:",
		"-H tcp:a -o 1.3.6.1":                              "host",
		"-H /var/agentx -o 1.3.6.1":                        "host",
		"-H 127.1 -o 1.3.6.1":                              "host",
		"-H a -o 1":                                        "2 to 128",
		"-H a -o 1.3..6":                                   "not a number",
		"-H a -o 1.3.4294967296":                           "not a number",
		"-H a -o 3.1":                                      "begins with",
		"-H a -o 1.40":                                     "begins with",
		"-H a -o nosuchName.0":                             "MIB files",
		"-H a -o FOO-MIB::sysName.0":                       "MIB files",
		"-H a -o sysName.0 --miblist=":                     "not a number",
		"-H a -o sysName":                                  "",
		"-H a -n -o sysName.0":                             "MIB files",
		"-H a -o 1.3.6.1.4.1.9 -m ALL":                     "MIB files",
		"-H a -o sysObjectID.0":                            "MIB files",
		"-H a -o 1.3.6.1 -w 5x":                            "-w",
		"-H a -o 1.3.6.1 -c 5:3:2":                         "-c",
		"-H a -o 1.3.6.1 -z 4":                             "-z",
		"-H a -o 1.3.6.1 --rate-multiplier 0":              "range",
		"-H a -o 1.3.6.1 -M 2 -f %d":                       "format",
		"-H a -o 1.3.6.1 -M 2 -f %f%f":                     "format",
		"-H a -o 1.3.6.1 -l 'a":                            "quote",
		"-H a -o 1.3.6.1 -r (":                             "expression",
		"-H a -o 1.3.6.1 -r a+?":                           "differently",
		"-H a -o 1.3.6.1 -r a{1}?":                         "differently",
		"-H a -o 1.3.6.1 -r \\<a":                          "differently",
		"-H a -o 1.3.6.1 -r \\d":                           "differently",
		"-H a -o 1.3.6.1 -r [a\\]":                         "differently",
		"-H a -o 1.3.6.1 -r [[.a.]]":                       "differently",
		"-H a -o 1.3.6.1 -r (?i)a":                         "differently",
		"-H a -o 1.3.6.1 -r a{,3}":                         "differently",
		"-H a -o 1.3.6.1 -r ä":                             "differently",
		"-H a -o 1.3.6.1 -r (a)\\1":                        "differently",
		"-H a -o 1.3.6.1 -P 3":                             "-U",
		"-H a -o 1.3.6.1 -P 3 -U u -L AuthPriv":            "levels",
		"-H a -o 1.3.6.1 -P 3 -U u -L authNoPriv -A short": "8 characters",
		"-H a -o 1.3.6.1 -P 3 -U u -L authPriv -A longenough -X short":                        "8 characters",
		"-H a -o 1.3.6.1 -P 3 -U u -L authNoPriv -a SHA-3 -A longenough":                      "-a",
		"-H a -o 1.3.6.1 -P 3 -U u -L authPriv -A longenough -X longenough -x 3DES":           "-x",
		"-H a -P 3 -U u -L authPriv -A longenough -X longenough -x AES-256 -a SHA-384 -o 1.3": "",
		"-H a -o 1.3.6.1 -r ^a[]x[:digit:]-]{2,3}(b|c)?\\.$":                                  "",
		"-to 5 -o .1.3.6.1 a": "",
	} {
		_, err := m.Parse(append([]string{"check_snmp"}, words(line)...))
		switch {
		case why == "" && err != nil:
			t.Errorf("%q: %v", line, err)
		case why != "" && (err == nil || !strings.Contains(err.Error(), why)):
			t.Errorf("%q: got %v, want an error with %q", line, err, why)
		}
	}
}

func TestParseTakesItsOwnProgramOnly(t *testing.T) {
	m := snmp.New(snmp.Options{})
	if !slices.Equal(m.Programs(), []string{"check_snmp"}) || m.Name() != "snmp" {
		t.Errorf("got %q of %v", m.Name(), m.Programs())
	}
	for _, argv := range [][]string{nil, {"check_ping", "-H", "a"}, {"/x/check_snmp2"}} {
		if _, err := m.Parse(argv); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: got %v, want ErrNotMine", argv, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-H a -o 1.3.6.1 -w 5:1,@~:3 -c ,, -l 'a,b',c -u x")
	f.Add("-H udp6:[::1] -o sysName.0,IF-MIB::ifInOctets.3 -m ALL -M 0.5 -f %.3f%%")
	f.Add("-H a -P 3 -U u -L authPriv -A longenough -X longenough -x AES -o .1.3.6 --rate -r [a-z]+")
	m := snmp.New(snmp.Options{})
	f.Fuzz(func(t *testing.T, line string) {
		args := words(line)
		before := slices.Clone(args)
		probe, err := m.Parse(append([]string{"check_snmp"}, args...))
		if (probe == nil) == (err == nil) {
			t.Errorf("%q: got a probe %v and an error %v", line, probe, err)
		}
		if !slices.Equal(args, before) {
			t.Errorf("%q: argv was changed", line)
		}
	})
}
