package snmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"

	"github.com/onbu/onbu/internal/snmp"
)

// printer writes bindings as snmpget 5.9 does without options: names by the MIB files it has loaded, numbers without.
type printer struct {
	known mib
	none  object // stands for what no MIB file knows
}

// line appends name, " = ", type and value.
func (p *printer) line(b []byte, v *snmp.Binding) []byte {
	b = append(p.name(b, v.Name), " = "...)
	o := p.known.find(v.Name)
	if o == nil {
		o = &p.none
	}
	start := len(b)
	b = p.value(b, o, v)
	if o.units != "" && v.Tag < snmp.TagNoSuchObject && len(b) > start {
		b = append(append(b, ' '), o.units...)
	}
	return b
}

// name appends an object identifier. Its first number always has a name.
func (p *printer) name(b []byte, name snmp.OID) []byte {
	if o := p.known.find(name); o != nil {
		b = append(append(append(b, o.module...), "::"...), o.name...)
		return name.AppendBelow(b, o.at)
	}
	root := [...]string{"ccitt", "iso", "joint-iso-ccitt"}
	first := true
	for arc := range name.Arcs {
		if first {
			b, first = append(b, root[min(arc, 2)]...), false
			continue
		}
		b = strconv.AppendUint(append(b, '.'), uint64(arc), 10)
	}
	return b
}

func (p *printer) value(b []byte, o *object, v *snmp.Binding) []byte {
	switch v.Tag {
	case snmp.TagNoSuchObject:
		return append(b, "No Such Object available on this agent at this OID"...)
	case snmp.TagNoSuchInstance:
		return append(b, "No Such Instance currently exists at this OID"...)
	case snmp.TagEndOfMibView:
		return append(b, "No more variables left in this MIB View (It is past the end of the MIB tree)"...)
	case snmp.TagNull:
		return append(b, "NULL"...)
	case snmp.TagOID:
		return p.name(append(b, "OID: "...), snmp.OID(v.Value))
	case snmp.TagOctets:
		return appendOctets(b, v.Value, o.text)
	case snmp.TagOpaque:
		return appendOpaque(b, v.Value)
	case snmp.TagBits:
		return appendBits(append(b, "BITS: "...), v.Value)
	case snmp.TagIPAddress:
		return netip.AddrFrom4([4]byte(v.Value)).AppendTo(append(b, "IpAddress: "...))
	}
	return appendNumber(b, o, v)
}

func appendNumber(b []byte, o *object, v *snmp.Binding) []byte {
	if v.Tag == snmp.TagInteger {
		n, _ := snmp.Signed(v.Value)
		b = append(b, "INTEGER: "...)
		if n = int64(int32(n)); n >= 1 && n <= int64(len(o.enums)) {
			b = append(append(b, o.enums[n-1]...), '(')
			return append(strconv.AppendInt(b, n, 10), ')')
		}
		return strconv.AppendInt(b, n, 10)
	}
	n, _ := snmp.Unsigned(v.Value)
	if v.Tag != snmp.TagCounter64 {
		n &= math.MaxUint32
	}
	switch v.Tag {
	case snmp.TagTimeTicks:
		return appendTicks(b, n)
	case snmp.TagCounter32:
		b = append(b, "Counter32: "...)
	case snmp.TagGauge32:
		b = append(b, "Gauge32: "...)
	case snmp.TagCounter64:
		b = append(b, "Counter64: "...)
	}
	return strconv.AppendUint(b, n, 10) // an UInteger32 has no type in front
}

// appendTicks writes hundredths of a second: (123456) 0:20:34.56, with days in front where there are some.
func appendTicks(b []byte, n uint64) []byte {
	b = append(strconv.AppendUint(append(b, "Timeticks: ("...), n, 10), ") "...)
	hundredths, n := n%100, n/100
	switch days := n / 86400; days {
	case 0:
	case 1:
		b = append(b, "1 day, "...)
	default:
		b = append(strconv.AppendUint(b, days, 10), " days, "...)
	}
	b = strconv.AppendUint(b, n/3600%24, 10)
	b = appendTwo(append(b, ':'), n/60%60)
	b = appendTwo(append(b, ':'), n%60)
	return appendTwo(append(b, '.'), hundredths)
}

// appendTwo appends a number below 100 in two digits.
func appendTwo(b []byte, n uint64) []byte { return append(b, '0'+byte(n/10), '0'+byte(n%10)) }

// appendOctets writes a string in quotes if all of it can be printed, else as hexadecimal numbers; one that a MIB calls
// text as it is, in pieces of 255 bytes of which those with a NUL are made printable.
func appendOctets(b, value []byte, text bool) []byte {
	switch {
	case text:
		b = append(b, "STRING: "...)
		for len(value) > 0 {
			piece := value[:min(255, len(value))]
			if value = value[len(piece):]; bytes.IndexByte(piece, 0) >= 0 {
				b = appendPrintable(b, piece)
			} else {
				b = append(b, piece...)
			}
		}
		return b
	case len(value) == 0:
		return append(b, `""`...)
	case bytes.ContainsFunc(value, func(r rune) bool { return r >= 0x7f || !printable(byte(r)) }):
		return appendHex(append(b, "Hex-STRING: "...), value)
	}
	return append(appendPrintable(append(b, `STRING: "`...), value), '"')
}

// printable is isprint or isspace of the C locale.
func printable(c byte) bool { return ' ' <= c && c < 0x7f || '\t' <= c && c <= '\r' }

func appendPrintable(b, value []byte) []byte {
	for _, c := range value {
		switch {
		case c == '\\' || c == '"':
			b = append(b, '\\', c)
		case printable(c):
			b = append(b, c)
		default:
			b = append(b, '.')
		}
	}
	return b
}

// appendHex writes sixteen bytes a line, each with a blank behind it.
func appendHex(b, value []byte) []byte {
	for i, c := range value {
		if i > 0 && i%16 == 0 {
			b = append(b, '\n')
		}
		b = append(b, "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15], ' ')
	}
	return b
}

func appendBits(b, value []byte) []byte {
	b = appendHex(b, value)
	for i := range 8 * len(value) {
		if value[i/8]&(0x80>>(i%8)) != 0 {
			b = append(strconv.AppendInt(b, int64(i), 10), ' ')
		}
	}
	return b
}

// appendOpaque writes the floats, of either length, and long integers that net-snmp wraps in an Opaque, and anything
// else as numbers.
func appendOpaque(b, value []byte) []byte {
	if len(value) > 3 && value[0] == 0x9f && int(value[2]) == len(value)-3 {
		inner := value[3:]
		switch {
		case value[1] == 0x78 && len(inner) == 4:
			return fmt.Appendf(b, "Opaque: Float: %f", math.Float32frombits(binary.BigEndian.Uint32(inner)))
		case value[1] == 0x79 && len(inner) == 8:
			return fmt.Appendf(b, "Opaque: Float: %f", math.Float64frombits(binary.BigEndian.Uint64(inner)))
		case value[1] == 0x7a:
			n, _ := snmp.Signed(inner)
			return fmt.Appendf(b, "Opaque: Int64: %d", n)
		case value[1] == 0x76 || value[1] == 0x7b:
			n, _ := snmp.Unsigned(inner)
			return fmt.Appendf(b, "Opaque: %s: %d", map[byte]string{0x76: "Counter64", 0x7b: "UInt64"}[value[1]], n)
		}
	}
	return appendHex(append(b, "OPAQUE: "...), value)
}
