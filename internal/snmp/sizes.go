package snmp

import "strings"

// maxColumns bounds what is remembered of columns; beyond it is begun anew.
const maxColumns = 8192

// sizes remembers how many octets the values of a column take, over all devices: the values of one column differ little,
// those of two may differ much. So messages are filled well without being tooBig.
type sizes struct{ columns map[OID]uint8 }

// columnOf is an object's name without its last number.
func columnOf(name OID) OID {
	n := len(name) - 1
	for n > 0 && name[n-1]&0x80 != 0 {
		n--
	}
	return name[:max(n, 0)]
}

// of gives how many octets the value of an object is expected to take; otherwise if nothing is known.
func (z *sizes) of(name OID, otherwise int) int {
	if n, ok := z.columns[columnOf(name)]; ok {
		return int(n)
	}
	return otherwise
}

// learn takes the value of an answer: of numbers the longest counts, of texts the mean.
func (z *sizes) learn(b *Binding) {
	key, size := columnOf(b.Name), min(len(b.Value), 255)
	n, known := z.columns[key]
	switch {
	case !known:
		if z.columns == nil || len(z.columns) >= maxColumns {
			z.columns = map[OID]uint8{}
		}
		z.columns[OID(strings.Clone(string(key)))] = uint8(size)
	case b.Tag == TagOctets && size != int(n):
		z.columns[key] = uint8((7*int(n) + size + 6) / 8)
	case b.Tag != TagOctets && size > int(n):
		z.columns[key] = uint8(size)
	}
}
