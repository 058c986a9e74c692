package booster

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/onbu/onbu/internal/snmp"
)

// The tags of net-snmp's floats inside an Opaque (asn1.h, ASN_OPAQUE_FLOAT and ASN_OPAQUE_DOUBLE).
const (
	opaqueFloat  = "\x9f\x78\x04"
	opaqueDouble = "\x9f\x79\x08"
)

// number gives a value as a number. Texts that are numbers count too, as scripts behind an agent give them.
func number(b *snmp.Binding) (float64, bool) {
	switch b.Tag {
	case snmp.TagInteger:
		n, ok := snmp.Signed(b.Value)
		return float64(n), ok
	case snmp.TagCounter32, snmp.TagGauge32, snmp.TagTimeTicks, snmp.TagCounter64, snmp.TagUInteger:
		n, ok := snmp.Unsigned(b.Value)
		return float64(n), ok
	case snmp.TagOctets:
		x, err := strconv.ParseFloat(strings.TrimSpace(cString(b.Value)), 64)
		return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
	case snmp.TagOpaque:
		return opaque(b.Value)
	}
	return 0, false
}

func opaque(value []byte) (x float64, ok bool) {
	if rest, found := strings.CutPrefix(string(value), opaqueFloat); found && len(rest) == 4 {
		x, ok = float64(math.Float32frombits(binary.BigEndian.Uint32([]byte(rest)))), true
	} else if rest, found := strings.CutPrefix(string(value), opaqueDouble); found && len(rest) == 8 {
		x, ok = math.Float64frombits(binary.BigEndian.Uint64([]byte(rest))), true
	}
	return x, ok && !math.IsInf(x, 0) && !math.IsNaN(x)
}

// count gives a value as that of a counter, and where it wraps: the agent's own type says so; only for a type that is none
// of a counter it is what the datasource says.
func count(b *snmp.Binding, wide bool) (n uint64, is64, ok bool) {
	switch b.Tag {
	case snmp.TagCounter32, snmp.TagTimeTicks:
		n, ok = snmp.Unsigned(b.Value)
		return n, false, ok && n <= math.MaxUint32
	case snmp.TagCounter64:
		n, ok = snmp.Unsigned(b.Value)
		return n, true, ok
	case snmp.TagGauge32, snmp.TagUInteger:
		n, ok = snmp.Unsigned(b.Value)
	case snmp.TagInteger:
		var i int64
		i, ok = snmp.Signed(b.Value)
		n, ok = uint64(i), ok && i >= 0
	case snmp.TagOctets:
		var err error
		n, err = strconv.ParseUint(strings.TrimSpace(cString(b.Value)), 10, 64)
		ok = err == nil
	}
	return n, wide || n > math.MaxUint32, ok
}

// text gives a value as text.
func text(b *snmp.Binding) string {
	switch b.Tag {
	case snmp.TagOctets, snmp.TagBits:
		s := cString(b.Value)
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) }) {
			return "0x" + hex.EncodeToString(b.Value)
		}
		return s
	case snmp.TagOID:
		return snmp.OID(b.Value).String()
	case snmp.TagIPAddress:
		parts := make([]string, len(b.Value))
		for i, c := range b.Value {
			parts[i] = strconv.Itoa(int(c))
		}
		return strings.Join(parts, ".")
	case snmp.TagInteger:
		n, _ := snmp.Signed(b.Value)
		return strconv.FormatInt(n, 10)
	case snmp.TagOpaque, snmp.TagNull:
		if x, ok := opaque(b.Value); ok {
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
		return ""
	}
	n, _ := snmp.Unsigned(b.Value)
	return strconv.FormatUint(n, 10)
}

// cString is a string without the NUL bytes at its end that some agents send along.
func cString(b []byte) string { return strings.TrimRight(string(b), "\x00") }
