package service

import (
	"encoding/json"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// nfsKind and cifsKind are file systems of other machines that a host has mounted.
func nfsKind() Kind {
	return netfsKind("nfsmounts", "NFS mount ", "nfsmounts_v2", "nfsmounts")
}

func cifsKind() Kind {
	return netfsKind("cifsmounts", "CIFS mount ", "cifsmounts")
}

func netfsKind(name, description string, sections ...string) Kind {
	return Kind{
		Name:     name,
		Sections: sections,
		Discover: func(in *Input) []Found {
			var found []Found
			for _, m := range netMounts(in.first(sections...)) {
				found = append(found, Found{Item: m.Mountpoint, Description: description + m.Mountpoint})
			}
			return found
		},
		Check: func(in *Input, r *Report) { checkNetfs(in, r, netMounts(in.first(sections...))) },
	}
}

// netMount is one mount, as newer agents write it in JSON.
type netMount struct {
	Mountpoint, Source, State string
	Usage                     *netUsage
}

// netUsage is how full one is, in blocks.
type netUsage struct {
	Total     float64 `json:"total_blocks"`
	Free      float64 `json:"free_blocks"` // for everybody, without what is reserved for root
	Blocksize float64 `json:"blocksize"`
}

// netMounts reads JSON, or MOUNT STATE BLOCKS FREE AVAILABLE BLOCKSIZE of older agents, where blanks in MOUNT are \040.
func netMounts(s *section.Section) []*netMount {
	var all named[netMount]
	for _, columns := range s.Rows() {
		var m netMount
		line := strings.Join(columns, " ")
		if strings.HasPrefix(line, "{") {
			if json.Unmarshal([]byte(line), &m) != nil || m.Mountpoint == "" {
				continue
			}
		} else if !m.old(columns) {
			continue
		}
		known, _ := all.get(m.Mountpoint)
		*known = m
	}
	return all.all
}

func (m *netMount) old(columns []string) bool {
	if n := len(columns) - 2; n >= 1 && columns[n] == "Permission" && columns[n+1] == "denied" {
		m.Mountpoint, m.State = unescapeMount(strings.Join(columns[:n], " ")), "permission denied"
		return true
	}
	if len(columns) < 6 {
		return false
	}
	from := len(columns) - 5
	m.Mountpoint, m.State = unescapeMount(strings.Join(columns[:from], " ")), columns[from]
	var figures [4]float64
	for i, text := range columns[from+1:] {
		v, ok := numeral(text)
		if !ok && text != "-" {
			return false
		}
		figures[i] = v
	}
	if figures[0] > 0 {
		m.Usage = &netUsage{Total: figures[0], Free: figures[2], Blocksize: figures[3]}
	}
	return true
}

// unescapeMount undoes what /proc/mounts does to blanks.
func unescapeMount(mount string) string {
	if !strings.Contains(mount, `\`) {
		return mount
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(mount)
}

func checkNetfs(in *Input, r *Report, all []*netMount) {
	m, ok := pick(in, r, "mount", all, func(m *netMount) string { return m.Mountpoint })
	if !ok {
		return
	}
	levels := in.Levels(r, Upper(80, 90))
	if m.Source != "" {
		r.Detail("Source: " + m.Source)
	}
	if m.State != "ok" {
		r.Say(monitor.Critical, "State: "+m.State)
		return
	}
	if u := m.Usage; u != nil && u.Total > 0 && u.Blocksize > 0 {
		size := u.Total * u.Blocksize
		judgeRoom(r, m.Mountpoint, size-u.Free*u.Blocksize, size, levels)
		return
	}
	r.OK("State: ok")
}
