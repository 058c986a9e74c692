package snmp

import (
	"fmt"
	"testing"
)

func TestSizesAreThoseOfColumns(t *testing.T) {
	var z sizes
	oid := func(text string) OID {
		o, err := ParseOID(text)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	learn := func(name string, tag byte, size int) {
		z.learn(&Binding{Name: oid(name), Tag: tag, Value: make([]byte, size)})
	}
	learn("1.3.6.1.2.1.31.1.1.1.6.1", TagCounter64, 6)
	learn("1.3.6.1.2.1.31.1.1.1.6.1000", TagCounter64, 8)
	learn("1.3.6.1.2.1.31.1.1.1.6.7", TagCounter64, 3)
	learn("1.3.6.1.2.1.31.1.1.1.18.1", TagOctets, 100)
	for range 60 {
		learn("1.3.6.1.2.1.31.1.1.1.18.2", TagOctets, 10)
	}
	for name, want := range map[string]int{
		"1.3.6.1.2.1.31.1.1.1.6.70000": 8, "1.3.6.1.2.1.31.1.1.1.18.3": 16, "1.3.6.1.2.1.31.1.1.1.7.1": 5,
	} {
		if got := z.of(oid(name), 5); got > want || got < want/2 {
			t.Errorf("%s is expected to take %d octets, want about %d", name, got, want)
		}
	}
	for i := range 2 * maxColumns {
		learn(fmt.Sprintf("1.3.6.1.%d.1", i), TagInteger, 4)
	}
	if len(z.columns) > maxColumns {
		t.Errorf("%d columns are remembered", len(z.columns))
	}
}
