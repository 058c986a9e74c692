package snmp

import (
	"bytes"
	"testing"

	"github.com/onbu/onbu/internal/snmp"
)

// tags are all types that a value may have.
var tags = []byte{
	snmp.TagInteger, snmp.TagBits, snmp.TagOctets, snmp.TagNull, snmp.TagOID, snmp.TagIPAddress, snmp.TagCounter32,
	snmp.TagGauge32, snmp.TagTimeTicks, snmp.TagOpaque, snmp.TagCounter64, snmp.TagUInteger, snmp.TagNoSuchObject,
	snmp.TagNoSuchInstance, snmp.TagEndOfMibView,
}

// Values that the decoder lets through can be printed and judged, whatever they are.
func FuzzPrint(f *testing.F) {
	f.Add(uint8(2), []byte("say \"hi\"\n\\"))
	f.Add(uint8(9), []byte{0x9f, 0x78, 4, 1, 2, 3, 4})
	f.Add(uint8(4), []byte{0x2b, 6, 1})
	known := builtin()
	l, err := parse([]string{"-H", "a", "-o", "1.3.6.1,1.3.6.2", "-w", "1", "-M", "2"}, syntax(), known)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind uint8, value []byte) {
		v := snmp.Binding{Name: known[int(kind)%len(known)].at, Tag: tags[int(kind)%len(tags)], Value: value}
		if v.Tag == snmp.TagIPAddress && len(value) != 4 {
			return
		}
		before := bytes.Clone(value)
		for _, table := range []mib{nil, known} {
			p := printer{known: table}
			lines := append(p.line(nil, &v), '\n')
			lines = append(p.line(lines, &snmp.Binding{Name: "\x2b\x06", Tag: v.Tag, Value: value}), '\n')
			if v := (&evaluation{command: l.command, lines: appendLines(nil, lines)}).judge(); v.state > dependent {
				t.Errorf("state %d", v.state)
			}
		}
		if !bytes.Equal(value, before) {
			t.Error("the value was changed")
		}
	})
}
