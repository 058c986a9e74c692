package target_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/onbu/onbu/bench/target"
)

func (r *running) client(host string) *gosnmp.GoSNMP {
	r.t.Helper()
	c := &gosnmp.GoSNMP{
		Target: host, Port: r.port, Version: gosnmp.Version2c, Community: "public", Timeout: 5 * time.Second, MaxOids: 60,
	}
	if err := c.Connect(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Conn.Close() })
	return c
}

func TestEveryAddressIsADeviceOfItsOwn(t *testing.T) {
	r := run(t, "snmp")
	for _, host := range []string{"127.1.0.1", "127.200.3.4"} {
		got, err := r.client(host).Get([]string{".1.3.6.1.2.1.1.5.0"}) // its socket is connected, so it hears no other address
		if err != nil {
			t.Fatal(err)
		}
		want := "switch" + strings.ReplaceAll(strings.TrimPrefix(host, "127"), ".", "-")
		if name := string(got.Variables[0].Value.([]byte)); name != want {
			t.Errorf("%s is called %s, want %s", host, name, want)
		}
	}
	fmt.Fprintln(r.input, "count")
	var n int
	if r.scan("answered %d", &n); n != 2 {
		t.Errorf("it counted %d requests, want 2", n)
	}
}

func TestASlowDeviceAnswersLate(t *testing.T) {
	began := time.Now()
	if _, err := run(t, "snmp-slow").client("127.1.0.1").Get([]string{".1.3.6.1.2.1.1.5.0"}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("the answer came after %v", took)
	}
}

func TestAnUnknownKindIsRefusedWithTheKnown(t *testing.T) {
	err := target.Run(t.Context(), "pigeon", strings.NewReader(""), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "there are snmp") {
		t.Errorf("error %v", err)
	}
}
