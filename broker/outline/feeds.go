package outline

import "slices"

// Feed is that a host's output holds data of another one: a vCenter speaks for a virtual machine.
type Feed struct{ Target, Source string }

// mostFeeds is how many sources of one host are shown.
const mostFeeds = 8

// feed takes in who speaks for whom, as far as both are hosts.
func (m *Map) feed(all []Feed) {
	m.feeds = map[int32][]int32{}
	for _, f := range all {
		target, ok := m.find(f.Target)
		source, there := m.find(f.Source)
		if ok && there && target != source && len(m.feeds[target]) < mostFeeds && !slices.Contains(m.feeds[target], source) {
			m.feeds[target] = append(m.feeds[target], source)
		}
	}
	for _, sources := range m.feeds {
		slices.Sort(sources)
	}
}

// onlyFed says whether a host without parents stands behind its sources: what is known of it comes from them.
func (m *Map) onlyFed(h int32) bool { return len(m.feeds[h]) > 0 && m.orphaned[h] }
