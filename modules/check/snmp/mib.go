package snmp

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/internal/snmp"
)

// object is what a MIB file says of one object, as far as it shows in check_snmp's output.
type object struct {
	module, name string
	at           snmp.OID
	text         bool     // a DisplayString: printed without quotes
	units        string   // printed behind the value
	enums        []string // names of 1, 2, …
}

// mib is the built-in part of the world's MIB files: the objects that command lines most often have by name. Names and
// numbers are those of RFC 3418 (SNMPv2-MIB), 2863 (IF-MIB), 2790 (HOST-RESOURCES-MIB) and net-snmp's UCD-SNMP-MIB.
type mib []object

// builtin lists the objects below a few roots. In each entry the number comes first, then the name, then how the value
// is printed: "text", units in "<>", or the names of an enumeration.
func builtin() mib {
	var m mib
	m.add("SNMPv2-MIB", "1.3.6.1.2.1.1", "1 sysDescr text", "4 sysContact text", "5 sysName text",
		"6 sysLocation text", "7 sysServices")
	m.add("DISMAN-EVENT-MIB", "1.3.6.1.2.1.1.3", "0 sysUpTimeInstance")
	m.add("IF-MIB", "1.3.6.1.2.1.2", "1 ifNumber")
	status := " up down testing"
	m.add("IF-MIB", "1.3.6.1.2.1.2.2.1", "1 ifIndex", "2 ifDescr text", "4 ifMtu", "5 ifSpeed",
		"7 ifAdminStatus"+status, "8 ifOperStatus"+status+" unknown dormant notPresent lowerLayerDown", "9 ifLastChange",
		"10 ifInOctets", "11 ifInUcastPkts", "12 ifInNUcastPkts", "13 ifInDiscards", "14 ifInErrors",
		"15 ifInUnknownProtos", "16 ifOutOctets", "17 ifOutUcastPkts", "18 ifOutNUcastPkts", "19 ifOutDiscards",
		"20 ifOutErrors", "21 ifOutQLen")
	m.add("IF-MIB", "1.3.6.1.2.1.31.1.1.1", "1 ifName text", "2 ifInMulticastPkts", "3 ifInBroadcastPkts",
		"4 ifOutMulticastPkts", "5 ifOutBroadcastPkts", "6 ifHCInOctets", "7 ifHCInUcastPkts", "8 ifHCInMulticastPkts",
		"9 ifHCInBroadcastPkts", "10 ifHCOutOctets", "11 ifHCOutUcastPkts", "12 ifHCOutMulticastPkts",
		"13 ifHCOutBroadcastPkts", "15 ifHighSpeed", "16 ifPromiscuousMode true false", "18 ifAlias text")
	m.add("HOST-RESOURCES-MIB", "1.3.6.1.2.1.25.1", "1 hrSystemUptime", "5 hrSystemNumUsers",
		"6 hrSystemProcesses", "7 hrSystemMaxProcesses")
	m.add("HOST-RESOURCES-MIB", "1.3.6.1.2.1.25.2", "2 hrMemorySize <KBytes>")
	m.add("HOST-RESOURCES-MIB", "1.3.6.1.2.1.25.2.3.1", "1 hrStorageIndex", "3 hrStorageDescr text",
		"4 hrStorageAllocationUnits <Bytes>", "5 hrStorageSize", "6 hrStorageUsed", "7 hrStorageAllocationFailures")
	m.add("HOST-RESOURCES-MIB", "1.3.6.1.2.1.25.3.3.1", "2 hrProcessorLoad")
	m.add("UCD-SNMP-MIB", "1.3.6.1.4.1.2021.4", "3 memTotalSwap <kB>", "4 memAvailSwap <kB>",
		"5 memTotalReal <kB>", "6 memAvailReal <kB>", "11 memTotalFree <kB>", "14 memBuffer <kB>", "15 memCached <kB>")
	m.add("UCD-SNMP-MIB", "1.3.6.1.4.1.2021.10.1", "2 laNames text", "3 laLoad text", "5 laLoadInt")
	return m
}

func (m *mib) add(module, below string, entries ...string) {
	for _, entry := range entries {
		words := strings.Fields(entry)
		at, _ := snmp.ParseOID(below + "." + words[0])
		o := object{module: module, name: words[1], at: at}
		switch rest := words[2:]; {
		case len(rest) == 0:
		case rest[0] == "text":
			o.text = true
		case rest[0][0] == '<':
			o.units = strings.Trim(rest[0], "<>")
		default:
			o.enums = rest
		}
		*m = append(*m, o)
	}
}

// find gives the object at or above name.
func (m mib) find(name snmp.OID) *object {
	for i := range m {
		if name.Under(m[i].at) {
			return &m[i]
		}
	}
	return nil
}

// lookup reads an object identifier by name: sysName.0, IF-MIB::ifInOctets.1, iso.3.6.1.
func (m mib) lookup(text string) (snmp.OID, error) {
	if after, ok := strings.CutPrefix(strings.TrimPrefix(text, "."), "iso."); ok {
		return snmp.ParseOID("1." + after)
	}
	module, name, qualified := strings.Cut(text, "::")
	if !qualified {
		module, name = "", text
	}
	name, index, _ := strings.Cut(name, ".")
	if name == "sysUpTime" && (module == "" || module == "SNMPv2-MIB") && index == "0" {
		module, name, index = "", "sysUpTimeInstance", ""
	}
	for i := range m {
		if o := &m[i]; o.name == name && (module == "" || module == o.module) {
			if index == "" {
				return o.at, nil
			}
			return o.at.Below(index)
		}
	}
	return "", fmt.Errorf("the name %q stands in MIB files only", text)
}

// addOIDs takes a value of -o.
func (c *command) addOIDs(list string) error {
	if strings.Trim(list, "0123456789.,") != "" {
		c.symbolic = true
	}
	parted := func(r rune) bool { return r == ',' || r == ' ' }
	c.oidText = append(c.oidText, strings.FieldsFunc(list, parted)...)
	const most = 128 // SNMP_MAX_CMDLINE_OIDS of net-snmp
	if len(c.oidText) > most {
		return fmt.Errorf("-o: more than %d objects", most)
	}
	return nil
}

// resolveNames turns the texts of -o into identifiers. When the plugin would read MIB files, because of -m or because
// there is a name in -o, every object must be one that we know without: the files change how all of them are printed.
func (c *command) resolveNames(known mib) error {
	if len(c.oidText) == 0 {
		return fmt.Errorf("no object: give one with -o")
	}
	c.named = c.mibs != "" || c.symbolic && !c.mibsGiven
	size := 0
	for _, text := range c.oidText {
		name, err := snmp.ParseOID(text)
		if c.named && err != nil {
			name, err = known.lookup(text)
		}
		if err != nil {
			return fmt.Errorf("-o %s: %w", text, err)
		}
		if c.named && (c.next || known.find(name) == nil) {
			return fmt.Errorf("-o %s: with MIB files (-m %s) it is printed in a way that only they tell", text, c.mibs)
		}
		c.names, size = append(c.names, name), size+5*len(name)+8
	}
	if size > 32<<10 {
		return fmt.Errorf("-o: the objects do not fit one request")
	}
	return nil
}
