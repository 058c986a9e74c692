package snmpagent

import (
	"slices"
	"strconv"
)

// device is one host at one moment.
type device struct {
	host   uint32 // its address
	ports  uint32
	uptime uint64 // ms
}

// ports is how many ports the device at an address has: 48 if the last byte divides by 8, else 24.
func ports(host uint32) uint32 {
	if host%8 == 0 {
		return 48
	}
	return 24
}

// mix spreads a host and two small numbers over 64 bits (the finalizer of splitmix64).
func mix(host, a, b uint32) uint64 {
	z := uint64(host)<<32 | uint64(a)<<16 | uint64(b)
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// rows is how many rows the table of a column has, numbered from 1.
type rows uint8

const (
	scalar rows = iota // no table: one object, with the number 0
	perPort
	perStorage
	perProcessor
	perLoad
)

func (d *device) rows(r rows) uint32 {
	switch r {
	case perPort:
		return d.ports
	case perStorage:
		return uint32(len(storages))
	case perProcessor:
		return 2
	case perLoad:
		return 3
	}
	return 0
}

// column is a scalar or a column of a table.
type column struct {
	subs  []uint32 // without the number of the row
	coded []byte
	rows  rows
	wide  bool // Counter64, which v1 cannot say
	value func(b []byte, d *device, row uint32) []byte
}

// storages are the rows of hrStorageTable.
var storages = [...]struct {
	kind, units uint32
	name        string
	size        uint64
}{
	{2, 1024, "Physical memory", 8 << 20},
	{3, 1024, "Swap space", 4 << 20},
	{4, 4096, "/", 10 << 20},
	{4, 4096, "/var", 25 << 20},
}

// The tables that the columns belong to.
var (
	system     = []uint32{1, 3, 6, 1, 2, 1, 1}
	interfaces = []uint32{1, 3, 6, 1, 2, 1, 2}
	ifEntry    = []uint32{1, 3, 6, 1, 2, 1, 2, 2, 1}
	hrSystem   = []uint32{1, 3, 6, 1, 2, 1, 25, 1}
	hrStorage  = []uint32{1, 3, 6, 1, 2, 1, 25, 2, 3, 1}
	hrTypes    = []uint32{1, 3, 6, 1, 2, 1, 25, 2, 1}
	hrCPU      = []uint32{1, 3, 6, 1, 2, 1, 25, 3, 3, 1}
	ifXEntry   = []uint32{1, 3, 6, 1, 2, 1, 31, 1, 1, 1}
	laEntry    = []uint32{1, 3, 6, 1, 4, 1, 2021, 10, 1}
	product    = encodeOID([]uint32{1, 3, 6, 1, 4, 1, 8072, 3, 2, 255}) // netSnmpAgentOIDs, unknown
)

// text, number and ticks make values of a kind.
func text(f func(b []byte, d *device, row uint32) []byte) func([]byte, *device, uint32) []byte {
	return func(b []byte, d *device, row uint32) []byte {
		at := len(b)
		b = f(append(b, tagString, 0), d, row)
		b[at+1] = byte(len(b) - at - 2) // no text here is longer than 127 bytes
		return b
	}
}

func words(s string) func([]byte, *device, uint32) []byte {
	return func(b []byte, _ *device, _ uint32) []byte { return appendText(b, tagString, s) }
}

func number(tag byte, f func(d *device, row uint32) uint64) func([]byte, *device, uint32) []byte {
	if tag == tagCounter64 {
		return func(b []byte, d *device, row uint32) []byte { return appendUint(b, tag, f(d, row)) }
	}
	return func(b []byte, d *device, row uint32) []byte { return appendUint(b, tag, f(d, row)&(1<<32-1)) }
}

func fixed(tag byte, v uint64) func([]byte, *device, uint32) []byte {
	return number(tag, func(*device, uint32) uint64 { return v })
}

// octets and packets are the most that a port carries in a second.
const (
	octets  = 100_000_000
	packets = 80_000
)

// moving is a counter that grows by up to most a second, at a rate of each host, row and kind.
func moving(kind uint32, most uint64) func(d *device, row uint32) uint64 {
	return func(d *device, row uint32) uint64 {
		m := mix(d.host, kind, row)
		return m>>33 + (m%most+1)*d.uptime/1000
	}
}

// gauge is a value from least to most that moves every minute.
func gauge(kind uint32, least, most uint64) func(d *device, row uint32) uint64 {
	return func(d *device, row uint32) uint64 {
		return least + mix(d.host^uint32(d.uptime/60_000)*2654435761, kind, row)%(most-least+1)
	}
}

// status is 1, up, but for one port in 16, which is 2, down.
func status(d *device, row uint32) uint64 {
	if mix(d.host, 8, row)%16 == 0 && row > 1 {
		return 2
	}
	return 1
}

func rowNumber(_ *device, row uint32) uint64 { return uint64(row) }

func ticks(d *device, _ uint32) uint64 { return d.uptime / 10 }

func hostName(b []byte, d *device, _ uint32) []byte {
	b = append(b, "switch"...)
	for shift := 16; shift >= 0; shift -= 8 {
		b = strconv.AppendUint(append(b, '-'), uint64(d.host>>shift&255), 10)
	}
	return b
}

func portName(prefix string) func(b []byte, d *device, row uint32) []byte {
	return func(b []byte, _ *device, row uint32) []byte {
		return strconv.AppendUint(append(b, prefix...), uint64(row), 10)
	}
}

// columns are all objects of the agent, in their order.
func columns() []column {
	var all []column
	add := func(table []uint32, sub uint32, r rows, value func([]byte, *device, uint32) []byte) {
		subs := append(slices.Clone(table), sub)
		all = append(all, column{subs: subs, coded: encodeOID(subs), rows: r, value: value})
	}
	addSystem(add)
	addInterfaces(add)
	addResources(add)
	addWide(add)
	for i := range all {
		one := all[i].value(nil, &device{ports: 1}, 1)
		all[i].wide = one[0] == tagCounter64
	}
	slices.SortFunc(all, func(a, b column) int { return slices.Compare(a.subs, b.subs) })
	return all
}

// adder adds one column or scalar of a table.
type adder func(table []uint32, sub uint32, r rows, value func([]byte, *device, uint32) []byte)

// addSystem adds the system group: RFC 3418.
func addSystem(add adder) {
	add(system, 1, scalar, text(func(b []byte, d *device, _ uint32) []byte {
		b = append(b, "Onbu fake switch, "...)
		return append(strconv.AppendUint(b, uint64(d.ports), 10), " ports"...)
	}))
	add(system, 2, scalar, func(b []byte, _ *device, _ uint32) []byte {
		return append(append(b, tagOID, byte(len(product))), product...)
	})
	add(system, 3, scalar, number(tagTimeTicks, ticks))
	add(system, 4, scalar, words("nobody"))
	add(system, 5, scalar, text(hostName))
	add(system, 6, scalar, text(func(b []byte, d *device, _ uint32) []byte {
		return strconv.AppendUint(append(b, "rack "...), mix(d.host, 6, 0)%400, 10)
	}))
	add(system, 7, scalar, fixed(tagInteger, 2))
}

// addInterfaces adds ifNumber and ifTable: RFC 2863.
func addInterfaces(add adder) {
	add(interfaces, 1, scalar, number(tagInteger, func(d *device, _ uint32) uint64 { return uint64(d.ports) }))
	port := func(sub uint32, value func([]byte, *device, uint32) []byte) { add(ifEntry, sub, perPort, value) }
	port(1, number(tagInteger, rowNumber))
	port(2, text(portName("GigabitEthernet0/")))
	port(3, fixed(tagInteger, 6)) // ethernetCsmacd
	port(4, fixed(tagInteger, 1500))
	port(5, fixed(tagGauge32, 1e9))
	port(6, text(func(b []byte, d *device, row uint32) []byte {
		return append(b, 2, byte(d.host>>24), byte(d.host>>16), byte(d.host>>8), byte(d.host), byte(row))
	}))
	port(7, fixed(tagInteger, 1))
	port(8, number(tagInteger, status))
	port(9, number(tagTimeTicks, func(d *device, row uint32) uint64 { return mix(d.host, 9, row) % (d.uptime/10 + 1) }))
	for sub, most := range map[uint32]uint64{
		10: octets, 11: packets, 12: 500, 13: 1, 14: 1, 15: 1, 16: octets, 17: packets, 18: 500, 19: 1, 20: 1,
	} {
		port(sub, number(tagCounter32, moving(sub, most)))
	}
	port(21, fixed(tagGauge32, 0))
	port(22, func(b []byte, _ *device, _ uint32) []byte { return append(b, tagOID, 1, 0) })
}

// addResources adds parts of the Host Resources MIB (RFC 2790), and load averages as net-snmp has them (UCD-SNMP-MIB).
func addResources(add adder) {
	add(hrSystem, 1, scalar, number(tagTimeTicks, ticks))
	add(hrSystem, 5, scalar, number(tagGauge32, gauge(5, 0, 9)))
	add(hrSystem, 6, scalar, number(tagGauge32, gauge(6, 80, 300)))
	disk := func(sub uint32, value func([]byte, *device, uint32) []byte) { add(hrStorage, sub, perStorage, value) }
	disk(1, number(tagInteger, rowNumber))
	disk(2, func(b []byte, _ *device, row uint32) []byte {
		kind := encodedTypes[storages[row-1].kind]
		return append(append(b, tagOID, byte(len(kind))), kind...)
	})
	disk(3, text(func(b []byte, _ *device, row uint32) []byte { return append(b, storages[row-1].name...) }))
	disk(4, number(tagInteger, func(_ *device, row uint32) uint64 { return uint64(storages[row-1].units) }))
	disk(5, number(tagInteger, func(_ *device, row uint32) uint64 { return storages[row-1].size }))
	disk(6, number(tagInteger, func(d *device, row uint32) uint64 { return storages[row-1].size * gauge(60, 20, 85)(d, row) / 100 }))
	disk(7, fixed(tagCounter32, 0))
	add(hrCPU, 2, perProcessor, number(tagInteger, gauge(61, 1, 95)))
	add(laEntry, 3, perLoad, text(func(b []byte, d *device, row uint32) []byte {
		return strconv.AppendFloat(b, float64(gauge(62, 1, 400)(d, row))/100, 'f', 2, 64)
	}))
}

// encodedTypes are the object identifiers of hrStorageTypes, by their last number.
var encodedTypes = [...][]byte{2: hrType(2), 3: hrType(3), 4: hrType(4)}

func hrType(n uint32) []byte { return encodeOID(append(slices.Clone(hrTypes), n)) }

// addWide adds ifXTable: RFC 2863. A counter of 64 bits counts what the one of 32 bits does that has its kind.
func addWide(add adder) {
	port := func(sub uint32, value func([]byte, *device, uint32) []byte) { add(ifXEntry, sub, perPort, value) }
	port(1, text(portName("Gi0/")))
	for _, c := range []struct{ narrow, wide, kind, most uint32 }{
		{2, 8, 102, 300}, {3, 9, 103, 300}, {4, 12, 104, 300}, {5, 13, 105, 300},
	} {
		port(c.narrow, number(tagCounter32, moving(c.kind, uint64(c.most))))
		port(c.wide, number(tagCounter64, moving(c.kind, uint64(c.most))))
	}
	for _, c := range []struct{ wide, kind, most uint32 }{{6, 10, octets}, {7, 11, packets}, {10, 16, octets}, {11, 17, packets}} {
		port(c.wide, number(tagCounter64, moving(c.kind, uint64(c.most))))
	}
	port(14, fixed(tagInteger, 2))
	port(15, fixed(tagGauge32, 1000))
	port(16, fixed(tagInteger, 2))
	port(17, fixed(tagInteger, 1))
	port(18, text(func(b []byte, d *device, row uint32) []byte {
		return strconv.AppendUint(append(b, "to room "...), mix(d.host, 18, row)%900+100, 10)
	}))
	port(19, fixed(tagTimeTicks, 0))
}
