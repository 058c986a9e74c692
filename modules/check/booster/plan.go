package booster

import (
	"slices"

	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules/check/booster/datasource"
)

// planKey is all that decides what is asked.
type planKey struct {
	template *datasource.Template
	group    *datasource.Group
	column   snmp.OID // where the instance's name is; empty for none
	instance string
}

// plan is what is asked of a device, and where each answer belongs. It is immutable, and shared by all checks of the same
// template and instance, on whatever device.
type plan struct {
	planKey
	// oids are asked for, each once. The last one is the name of the instance if there is a column: it need not be asked
	// for each time.
	oids  []snmp.OID
	items []item
	// uptime is the index of sysUpTime, or none.
	uptime int
	// keeps says that the check needs what the one before found.
	keeps bool
	// refs are for each trigger of the group the items that its references mean; none for one that the template lacks.
	refs [][]int
	err  error
}

// item is one datasource of a template: the indexes of its OIDs in the plan, or none.
type item struct {
	*datasource.Source
	value, max, min int
}

const none = -1

// sysUpTime is that of SNMPv2-MIB: hundredths of a second since the agent began.
const sysUpTime = "1.3.6.1.2.1.1.3.0"

func newPlan(key planKey) *plan {
	p := &plan{planKey: key, uptime: none, keeps: key.column != ""}
	for _, src := range key.template.Sources {
		p.items = append(p.items, item{src, p.ask(src.OID), p.ask(src.Max.OID), p.ask(src.Min.OID)})
		p.keeps = p.keeps || src.Type.Rate()
	}
	if p.keeps {
		p.uptime = p.add(snmp.ParseOID(sysUpTime))
	}
	p.resolve()
	if key.column != "" {
		name, err := key.column.Below(key.instance)
		p.oids, p.err = append(p.oids, name), first(p.err, err)
	}
	return p
}

// ask gives the index of an OID; none if there is none.
func (p *plan) ask(oid datasource.OID) int {
	if !oid.Set() {
		return none
	}
	return p.add(snmp.ParseOID(oid.With(p.instance)))
}

func (p *plan) add(oid snmp.OID, err error) int {
	if err != nil {
		p.err = first(p.err, err)
		return none
	}
	i := slices.Index(p.oids, oid)
	if i < 0 {
		i = len(p.oids)
		p.oids = append(p.oids, oid)
	}
	return i
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// resolve finds the items that triggers refer to.
func (p *plan) resolve() {
	if p.group == nil {
		return
	}
	for _, t := range p.group.Triggers {
		list := make([]int, len(t.Refs))
		for i, ref := range t.Refs {
			list[i] = slices.IndexFunc(p.items, func(it item) bool { return it.Source == ref.Source })
			p.keeps = p.keeps || ref.Function == datasource.Diff
		}
		p.refs = append(p.refs, list)
	}
}

// plain gives the OIDs without the name of the instance.
func (p *plan) plain() []snmp.OID {
	if p.column == "" {
		return p.oids
	}
	return p.oids[:len(p.oids)-1]
}
