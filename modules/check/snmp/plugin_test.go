package snmp_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// words splits a line at blanks; "_" stands for a blank inside a word.
func words(line string) []string {
	list := strings.Fields(line)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "_", " ")
	}
	return list
}

// real runs Debian's check_snmp and reads its output as if it had been forked by us.
func real(t *testing.T, stateDir string, args []string) monitor.Outcome {
	t.Helper()
	cmd := exec.Command(realpeer.Program(t, "check_snmp", "monitoring-plugins-standard"), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "NAGIOS_PLUGIN_STATE_DIRECTORY="+stateDir)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return plugin.Outcome(chance.ReplaceAll(out.Bytes(), []byte("$1")), nil, cmd.ProcessState.ExitCode(), 0)
}

// chance is what snmpget says behind the name of a host that does not exist: the error of whatever its look-up did last, which depends on
// the machine's sources of names.
var chance = regexp.MustCompile(`(Unknown host \([^)]*\)) \([^)]*\)`)

func ours(t testing.TB, m *snmp.Module, args []string) monitor.Outcome {
	t.Helper()
	p, err := m.Parse(append([]string{"/usr/lib/nagios/plugins/check_snmp"}, args...))
	if err != nil {
		t.Fatalf("Parse(%q): %v", args, err)
	}
	o, err := p.Run(context.Background())
	if err != nil {
		t.Fatalf("Run(%q): %v", args, err)
	}
	o.TimedOut = false // a forked plugin cannot say so
	return o
}

// remark is what the engine says of an agent, below what the plugin would say.
var remark = regexp.MustCompile(`(^|\n)(the agent (takes|gives|is asked) |asked \d+ times, ).*`)

func withoutRemarks(o monitor.Outcome) monitor.Outcome {
	o.LongOutput = remark.ReplaceAllString(o.LongOutput, "")
	return o
}

// sample are the values of the fake agent, by the last number of the object.
func sample(n byte) []byte {
	octets := func(s string) []byte { return tlv(4, []byte(s)) }
	switch n {
	case 1:
		return tlv(2, []byte{72})
	case 2:
		return tlv(2, []byte{0xff, 0x38}) // -200
	case 3:
		return tlv(0x41, []byte{0x00, 0xee, 0x6b, 0x28, 0x00}) // 4,000,000,000
	case 4:
		return tlv(0x42, []byte{0x00, 0xb2, 0xd0, 0x5e, 0x00}) // 3,000,000,000
	case 5:
		return tlv(0x43, []byte{0x01, 0x83, 0xd6, 0x00}) // 25,416,192: 2 days
	case 6:
		return tlv(0x46, []byte{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0})
	case 7:
		return octets("Linux web7 5.10")
	case 8:
		return octets(`say "hi" \ to C:\`)
	case 9:
		return octets("one\ntwo \"2\"\nthree")
	case 10:
		return octets("\x00\x1b\xd3\x01\x02\x03")
	case 11:
		return octets("")
	case 12:
		return octets(strings.Repeat("\x05\x80", 20))
	case 13:
		return tlv(6, []byte{0x2b, 6, 1, 4, 1, 0xbf, 0x08, 3})
	case 14:
		return tlv(0x40, []byte{10, 1, 2, 3})
	case 15:
		return tlv(5)
	case 16:
		return tlv(0x80)
	case 17:
		return tlv(0x81)
	case 18:
		return tlv(0x82)
	case 19:
		return tlv(0x44, []byte{0x9f, 0x78, 4, 0x42, 0xf6, 0xe9, 0x79}) // 123.456
	case 20:
		return tlv(0x44, []byte{0x9f, 0x79, 8, 0x40, 0x5e, 0xdd, 0x2f, 0x1a, 0x9f, 0xbe, 0x77})
	case 21:
		return tlv(0x44, []byte{1, 2, 3})
	case 22:
		return tlv(0x47, []byte{5})
	case 23:
		return tlv(2, []byte{0})
	case 24:
		return octets("Gauge: 17 apples")
	case 25:
		return octets("42.5 degrees")
	case 26:
		return tlv(0x44, []byte{0x9f, 0x7a, 1, 0xfe})
	case 27:
		return tlv(0x43, []byte{0x00, 0x8c, 0xb4, 0x7f}) // 1 day
	case 28:
		return octets(`ends with "`)
	case 29:
		return tlv(3, []byte{0xa0, 0x01})
	case 30:
		return tlv(6, []byte{0})
	case 31:
		return tlv(0x44, []byte{0x9f, 0x76, 1, 7})
	}
	return tlv(0x80)
}

// serveSamples answers for 1.3.6.1.4.1.9.N, and with errors for 1.3.6.1.4.1.10.STATUS.
func serveSamples(q query) [][]byte {
	var list [][]byte
	for i, name := range q.names {
		last := name[len(name)-1]
		if name[len(name)-2] == 10 {
			var plain [][]byte
			for _, n := range q.names {
				plain = append(plain, tlv(0x30, tlv(6, n), tlv(5)))
			}
			return [][]byte{q.reply(last&0x1f, byte(i+1)*(1-last>>6), plain...)}
		}
		if q.kind == 0xa1 {
			last++
			name[len(name)-1]++
		}
		list = append(list, tlv(0x30, tlv(6, name), sample(last)))
	}
	return [][]byte{q.reply(0, 0, list...)}
}

func TestValuesComeOutAsFromThePlugin(t *testing.T) {
	a := startAgent(t, serveSamples)
	m := snmp.New(snmp.Options{})
	lines := []string{}
	for n := 1; n <= 31; n++ {
		at := "-o 1.3.6.1.4.1.9." + itoa(n)
		lines = append(lines, at, at+" -w 50 -c 100:", at+" -P 2c -s STRING", at+" -r [0-9]{2}")
	}
	all := ".1.3.6.1.4.1.9.1,1.3.6.1.4.1.9.2,.1.3.6.1.4.1.9.3,1.3.6.1.4.1.9.4"
	lines = append(lines, []string{
		"-o " + all, "-o " + all + " -w 10,-500:,,5 -c 80,@0:1,1:", "-o " + all + " -l a,b_c,d -u x,y,z",
		"-o " + all + " -l 'one',two -D ;", "-o " + all + " -l a,,b -u ,", "-o " + all + " -l a, -l b=c -l it's -O",
		"-o " + all + " -l a=b,it's,\"q\"", "-o " + all + " -r 72 -s -200 -R gauge", "-o " + all + " -s 73 -D _/_",
		"-o 1.3.6.1.4.1.9.1 -w 5:1 -c 100", "-o 1.3.6.1.4.1.9.1 -w ~:80 -c @70:75", "-o 1.3.6.1.4.1.9.1 -w abc",
		"-o 1.3.6.1.4.1.9.1 -w x10 -c ,5", "-o 1.3.6.1.4.1.9.1 --offset=-12.7 -w 1", "-o 1.3.6.1.4.1.9.1 --offset 5 -c 1",
		"-o 1.3.6.1.4.1.9.1 -M 0.5", "-o 1.3.6.1.4.1.9.1 -M 0.33", "-o 1.3.6.1.4.1.9.1 -M 0.33 -f %.3f",
		"-o 1.3.6.1.4.1.9.1 -M 0.33 -f %08.2fX%% -w 10", "-o 1.3.6.1.4.1.9.1 -f %.3f -M 0.33", "-o 1.3.6.1.4.1.9.2 -M 10x",
		"-o 1.3.6.1.4.1.9.4 -M 1000000 -w 1", "-o 1.3.6.1.4.1.9.4 -M 0.000001 -f %e", "-o 1.3.6.1.4.1.9.1 -M 0",
		"-o 1.3.6.1.4.1.9.7 -s \"Linux_web7_5.10\"", "-o 1.3.6.1.4.1.9.7 -s Linux --invert-search",
		"-o 1.3.6.1.4.1.9.7 -r ^Linux", "-o 1.3.6.1.4.1.9.7 -r Linux.*\\.10", "-o 1.3.6.1.4.1.9.7 -R LINUX|BSD",
		"-o 1.3.6.1.4.1.9.7 -R linux --invert-search", "-o 1.3.6.1.4.1.9.7 -r ^_=_STRING:_\"[[:alpha:]]+",
		"-o 1.3.6.1.4.1.9.7 -R x -r LINUX", "-o 1.3.6.1.4.1.9.7 -w 5 -z 1", "-o 1.3.6.1.4.1.9.13 -w 1",
		"-o 1.3.6.1.4.1.9.15 -w 1", "-o 1.3.6.1.4.1.9.15 -w 1 -z 0", "-o 1.3.6.1.4.1.9.11 -c 1 -z 2",
		"-o 1.3.6.1.4.1.9.9,1.3.6.1.4.1.9.1", "-o 1.3.6.1.4.1.9.28,1.3.6.1.4.1.9.9,1.3.6.1.4.1.9.1 -w ,,1",
		"-o 1.3.6.1.4.1.9.12,1.3.6.1.4.1.9.1", "-o 1.3.6.1.4.1.9.1 -d =", "-o 1.3.6.1.4.1.9.1 -d :",
		"-o 1.3.6.1.4.1.9.14 -d =", "-o 1.3.6.1.4.1.9.14 -d 10.", "-o 1.3.6.1.4.1.9.1 -d nothere", "-o 1.3.6.1.4.1.9.7 -d STRING:_",
		"-n -o 1.3.6.1.4.1.9.0", "--next -P 2c -o 1.3.6.1.4.1.9.6 -l up", "-o 1.3.6.1.4.1.9.6 -w 1 -P 2c",
		"-o 1.3.6.1.4.1.10.1", "-o 1.3.6.1.4.1.10.2", "-o 1.3.6.1.4.1.9.1,1.3.6.1.4.1.10.5,1.3.6.1.4.1.10.17",
		"-o 1.3.6.1.4.1.10.25", "-o 1.3.6.1.4.1.10.80", "-n -o 1.3.6.1.4.1.10.80", "-n -o 1.3.6.1.4.1.10.5",
		"--protocol=2c --community=secret --oid=1.3.6.1.4.1.9.1 --warn=1",
		"-o 1.3.6.1.4.1.9.1 --labe L1 --unit U", "-nP 2c -o 1.3.6.1.4.1.9.0",
	}...)
	compare(t, m, a.port, lines)
}

// compare runs each line by the plugin and by us, all at once, and wants the same state, output and performance data.
// Nothing is evened out but what reading any plugin's output evens out, and what the engine says of an agent that answers
// a check's objects differently when they come with those of others.
func compare(t *testing.T, m *snmp.Module, port string, lines []string) {
	t.Helper()
	t.Run("lines", func(t *testing.T) {
		for _, line := range lines {
			args := append([]string{"-H", "127.0.0.1", "-p", port, "-t", "1", "-e", "0"}, words(line)...)
			t.Run(line, func(t *testing.T) {
				t.Parallel()
				if diff := cmp.Diff(real(t, t.TempDir(), args), withoutRemarks(ours(t, m, args))); diff != "" {
					t.Errorf("the plugin (-), we (+):\n%s", diff)
				}
			})
		}
	})
}
