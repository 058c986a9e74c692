package snmp_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/snmp"
)

const snmpdConf = `agentAddress udp:127.0.0.1:PORT
rocommunity public
sysName onbu-test
sysLocation "Rack 7, \"row\" b"
sysContact me@example.org
sysServices 72
createUser md5des MD5 authpass12 DES privpass12
createUser sha SHA authpass12 AES privpass12
createUser sha224 SHA-224 authpass12 AES-192 privpass12
createUser sha256 SHA-256 authpass12 AES privpass12
createUser sha384 SHA-384 authpass12 AES-256 privpass12
createUser sha512 SHA-512 authpass12 AES-256 privpass12
createUser short192 SHA authpass12 AES-192 privpass12
createUser short256 MD5 authpass12 AES-256 privpass12
createUser cisco192 MD5 authpass12 AES-192-C privpass12
createUser cisco256 SHA authpass12 AES-256-C privpass12
createUser signs SHA authpass12
createUser nobody
rouser md5des
rouser sha
rouser sha224
rouser sha256
rouser sha384
rouser sha512
rouser short192
rouser short256
rouser cisco192
rouser cisco256
rouser signs auth
rouser nobody noauth
`

// startSNMPd runs Debian's snmpd with snmpdConf and gives its port.
func startSNMPd(t *testing.T) string {
	t.Helper()
	program := realpeer.Program(t, "snmpd", "snmpd")
	dir := realpeer.Dir(t)
	port := itoa(realpeer.UDPPort(t))
	conf := realpeer.File(t, dir, "snmpd.conf", strings.ReplaceAll(snmpdConf, "PORT", port))
	t.Setenv("SNMP_PERSISTENT_DIR", filepath.Join(dir, "state"))
	t.Setenv("MIBS", "")
	p := realpeer.Start(t, program, "-f", "-C", "-c", conf, "-Lo")
	p.Until(t, "answers on port "+port, func() error {
		if strings.Contains(p.Output(), "NET-SNMP version") {
			return nil
		}
		return os.ErrNotExist
	})
	return port
}

func TestAgentsAnswerAsToThePlugin(t *testing.T) {
	port := startSNMPd(t)
	name, location, none := "1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.1.5.9"
	lines := []string{
		"-o " + name, "-o " + name + "," + location + " -P 2c", "-C wrong -o " + name, "-o " + none, "-P 2c -o " + none,
		"-P 2c -o 1.3.6.1.2.1.99.0", "-o " + none + "," + name + ",1.3.6.1.2.1.1.6.9", "-n -o 1.3.6.1.2.1.1.6",
		"-n -o 1.3.9", "-n -P 2c -o 1.3.9", "-n -P 2c -o 1.3.6.1.2.1.1.5," + location,
		"-o 1.3.6.1.2.1.1.7.0 -w 70 -c 80 -l services -u layers", "-H localhost -o " + name, "-H udp:127.0.0.1 -o " + name,
		"-H no.such.host.invalid -o " + name, "-6 -o " + name, "-P 3 -U nobody -o " + name,
		"-P 3 -U nobody -n -o " + location, "-P 3 -U sha -L noAuthNoPriv -o " + name,
		"-P 3 -L authNoPriv -U signs -a SHA -A authpass12 -o " + name,
		"-P 3 -L authNoPriv -U sha -a SHA -A authpass12 -o " + name,
		"-P 3 -L authNoPriv -U nobody -a SHA -A authpass12 -o " + name,
		"-P 3 -L authPriv -U signs -a SHA -A authpass12 -x AES -X privpass12 -o " + name,
		"-P 3 -L authPriv -U md5des -A authpass12 -X privpass12 -o " + name + "," + none,
		"-P 3 -L authPriv -U sha -a SHA -A wrongpass12 -x AES -X privpass12 -o " + name,
		"-P 3 -L authPriv -U sha -a MD5 -A authpass12 -x AES -X privpass12 -o " + name,
		"-P 3 -L authPriv -U sha -a SHA -A authpass12 -x AES -X wrongpass12 -o " + name,
		"-P 3 -L authPriv -U nosuch -a SHA -A authpass12 -x AES -X privpass12 -o " + name,
		"-P 3 -L authPriv -U sha -a SHA -A authpass12 -x AES -X privpass12 -N ctx -o " + name,
	}
	for user, protocols := range map[string]string{
		"sha": "-a sha1 -x AES128", "sha224": "-a SHA-224 -x AES-192", "sha256": "-a SHA256 -x aes",
		"sha384": "-a SHA-384 -x AES256", "sha512": "-a SHA-512 -x AES-256", "short192": "-a SHA -x AES192",
		"short256": "-a MD5 -x AES-256", "cisco192": "-a MD5 -x AES-192-C", "cisco256": "-a SHA -x AES256C",
	} {
		lines = append(lines, "-P 3 -L authPriv -A authpass12 -X privpass12 -o "+name+" -U "+user+" "+protocols)
	}
	m := snmp.New(snmp.Options{})
	compare(t, m, port, lines)
	compare(t, m, port, lines[16:]) // again, with engines and keys known
}

func TestSilenceIsTimedAsByThePlugin(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, port, _ := net.SplitHostPort(silent.LocalAddr().String())
	closed := itoa(realpeer.UDPPort(t))
	for _, line := range []string{
		"-p " + port, "-p " + closed, "-p " + closed + " -P 3 -U nobody", "-p " + port + " -n -P 2c",
		"-p " + port + " -t 6 -e 0",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			args := words("-H 127.0.0.1 -t 1 -e 1 -o 1.3.6.1.2.1.1.5.0 " + line)
			dir, start := t.TempDir(), time.Now()
			want := real(t, dir, args)
			theirs := time.Since(start)
			start = time.Now()
			got := ours(t, snmp.New(snmp.Options{}), args)
			got.LongOutput = "" // there we say whom we waited for
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the plugin (-), we (+):\n%s", diff)
			}
			t.Logf("the plugin took %v, we %v", theirs, time.Since(start))
		})
	}
}

func TestNamesComeOutAsWithMIBFiles(t *testing.T) {
	a := startAgent(t, func(q query) [][]byte {
		table := map[string][]byte{
			"\x01\x01": tlv(4, []byte("Linux web7")), "\x01\x05": tlv(4, []byte("7 \"up\"\n\\ two")), "\x01\x03": sample(5),
			"\x02\x01": tlv(2, []byte{4}), "\x02\x02": tlv(4, []byte("eth0\x00x")), "\x02\x05": sample(4),
			"\x02\x07": tlv(2, []byte{2}), "\x02\x08": tlv(2, []byte{9}), "\x02\x0a": sample(3), "\x19\x02": sample(1),
		}
		var list [][]byte
		for _, name := range q.names {
			field := name[6]
			if len(name) == 9 {
				field = name[7] // a column of ifTable
			}
			list = append(list, tlv(0x30, tlv(6, name), table[string([]byte{name[5], field})]))
		}
		return [][]byte{q.reply(0, 0, list...)}
	})
	mibs, err := filepath.Abs("testdata/mibs")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("MIBDIRS", mibs)
	compare(t, snmp.New(snmp.Options{}), a.port, []string{
		"-o sysDescr.0", "-o sysName.0 -w 5", "-o sysName.0", "-o sysUpTime.0", "-o SNMPv2-MIB::sysDescr.0", "-o ifNumber.0",
		"-o SNMPv2-MIB::sysUpTime.0 -w 5", "-o sysUpTimeInstance", "-m ALL -o 1.3.6.1.2.1.1.3.0 -w 1", "-o ifSpeed.3",
		"-o ifDescr.3", "-o ifAdminStatus.2 -s down(2)", "-o ifAdminStatus.2 -w 1", "-o ifOperStatus.7", "-o IF-MIB::ifInOctets.1",
		"-o hrMemorySize.0", "-o hrMemorySize.0 -M 2", "-o hrMemorySize.0 -w 1 -l mem", "-o ifAdminStatus.2 -M 2",
		"-o iso.3.6.1.2.1.1.1.0", "-o 1.3.6.1.2.1.1.1.0,_ifOperStatus.1 -r ^_=_STRING:_Linux",
	})
}
