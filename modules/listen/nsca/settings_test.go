package nsca

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

func TestWrongDefinitionsSayWhatToWrite(t *testing.T) {
	for definition, want := range map[string]string{
		"password x":                                             "1 (XOR), as in Debian",
		"encryption_method 14":                                   "needs a password",
		"encryption_method 7|password x":                         "no mode that NSCA uses",
		"encryption_method aes|password x":                       "write its number",
		"encryption_method 1|max_packet_age 901":                 "from 0 to 900",
		"encryption_method 1|strict_mode_spoofing 1":             "source line",
		"encryption_method 1|allowed_hosts web1":                 "neither an address nor a network",
		"encryption_method 1|pasword x":                          "did you mean password?",
		"source 10.0.0.1":                                        "is no method",
		"source":                                                 "write an address",
		"source 10.0.0.1 encryption_method=14":                   "needs a password",
		"source 10.0.0.1 method=14 password=x":                   "word 1 behind the addresses is not known",
		"source 10.0.0.1 encryption_method=14 hunter2":           "word 2 behind the addresses is not known",
		"source 10.0.0.1 encryption_method=1 hosts=":             "names no host",
		"source 10.0.0.1 encryption_method=1 password=x hosts=y": "password= must be the last",
		"source web1 encryption_method=1":                        "neither an address nor a network",
	} {
		_, err := defined(t, strings.Split(definition, "|")...)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "nsca.cfg:") {
			t.Errorf("%s: %v, want an error with its line and %q", definition, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "password=x") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: the error shows the password: %v", definition, err)
		}
	}
}

func TestNamesOfShinkenAndOfNSCA(t *testing.T) {
	for definition, addr := range map[string]string{
		"encryption_method 1": "127.0.0.1:5667",
		"host *|port 5668|encryption_method 0|password x|max_packet_age 30|check_future_packet 1|buffer_length 8192|payload_length -1": ":5668",
		"server_address 10.0.0.1|server_port 1|decryption_method 3|password x|debug 0|command_file /x|aggregate_writes 1":              "10.0.0.1:1",
		"server_port 2|source ::1 encryption_method=1": "127.0.0.1:2",
	} {
		l, err := defined(t, strings.Split(definition, "|")...)
		if err != nil || l.port.Address != addr {
			t.Errorf("%s: listens on %s, %v; want %s", definition, l.port.Address, err, addr)
		}
	}
}

func TestAges(t *testing.T) {
	for definition, want := range map[string]packet.Ages{
		"":                       {Before: 30, After: 30},
		"|max_packet_age 0":      {Before: -1, After: -1},
		"|max_packet_age 900":    {Before: 900, After: 900},
		"|check_future_packet 0": {Before: 30, After: -1},
	} {
		l, err := defined(t, strings.Split("encryption_method 1"+definition, "|")...)
		if err != nil || l.ages != want {
			t.Errorf("%s: %+v, %v; want %+v", definition, l.ages, err, want)
		}
	}
}

func TestTheNarrowestSourceLineCounts(t *testing.T) {
	l, err := defined(t, "source 10.0.0.0/8 encryption_method=0", "source 10.1.0.0/16 encryption_method=14 password=a b, c", "source 10.1.2.3 encryption_method=1")
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]packet.Method{"10.2.0.1": 0, "10.1.0.1": 14, "10.1.2.3": 1} {
		if got := l.of(netip.MustParseAddr(addr)).key.Method(); got != want {
			t.Errorf("%s: method %s, want %s", addr, got, want)
		}
	}
	if other := netip.MustParseAddr("11.0.0.1"); l.of(other) != nil || l.port.Allow(other) {
		t.Error("an address of no source line may send, though nothing is said for all")
	}
}

func TestPatterns(t *testing.T) {
	for pattern, names := range map[string][2]string{
		"web*":    {"web web1 website", "we aweb Web"},
		"*":       {"a b", ""},
		"db?":     {"db1 dbx", "db db12"},
		"*-eu-*1": {"a-eu-b1 -eu-1 x-eu-eu-11", "a-eu-b2 eu1"},
		"a**b":    {"ab axb", "a ba"},
	} {
		for i, want := range []bool{true, false} {
			for _, name := range strings.Fields(names[i]) {
				if modules.Globs([]string{pattern}).Fit(name) != want {
					t.Errorf("%s fits %s: %t, want %t", name, pattern, !want, want)
				}
			}
		}
	}
}
