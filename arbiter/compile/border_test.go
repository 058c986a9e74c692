package compile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// basis is what the hosts refer to, and a service: a configuration without one is none.
const basis = `
define timeperiod {
  timeperiod_name always
  alias Always
  monday 00:00-24:00
}
define command {
  command_name tell
  command_line /bin/tell
}
define contact {
  contact_name ann
  host_notification_commands tell
  service_notification_commands tell
  host_notification_period always
  service_notification_period always
}
define host {
  host_name apart
  address 10.0.0.1
  max_check_attempts 3
  check_period always
  contacts ann
}
define service {
  host_name apart
  service_description s
  check_command tell
  max_check_attempts 3
  check_interval 5
  retry_interval 1
  check_period always
  notification_period always
  contacts ann
}
`

// hostsOf defines hosts, each "NAME PARENT,PARENT more directives".
func hostsOf(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		words := strings.SplitN(line, " ", 3)
		fmt.Fprintf(&b, "define host {\n  host_name %s\n  address 10.0.0.1\n  max_check_attempts 3\n  check_period always\n  contacts ann\n", words[0])
		if len(words) > 1 && words[1] != "-" {
			fmt.Fprintf(&b, "  parents %s\n", words[1])
		}
		if len(words) > 2 {
			fmt.Fprintf(&b, "  %s\n", words[2])
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// waysUp gives the parents of each host as its own shard has them, and what each shard believes of border hosts.
func waysUp(t *testing.T, r *compile.Result) map[string][]string {
	t.Helper()
	up := map[string][]string{}
	for _, inv := range r.Inventories {
		name := func(id monitor.ID) string {
			if n := int(id) - inv.Objects(); n >= 0 {
				if home := r.Directory.Hosts[inv.Border[n].Name]; home != inv.Border[n].Shard || home == inv.Shard {
					t.Errorf("shard %d takes %s to lie in %d; it lies in %d", inv.Shard, inv.Border[n].Name, inv.Border[n].Shard, home)
				}
				return inv.Border[n].Name
			}
			return inv.Hosts[id].Name
		}
		ways := map[string][]string{}
		for id := range inv.Hosts {
			ways[inv.Hosts[id].Name] = nil
			for _, p := range inv.Hosts[id].Parents {
				ways[inv.Hosts[id].Name] = append(ways[inv.Hosts[id].Name], name(p))
			}
		}
		for i := range inv.Border {
			ways[inv.Border[i].Name] = nil
		}
		for _, e := range inv.BorderEdges {
			ways[name(e.Child)] = append(ways[name(e.Child)], name(e.Parent))
		}
		for host, parents := range ways {
			slices.Sort(parents)
			if known, ok := up[host]; ok && !slices.Equal(known, parents) {
				t.Errorf("shard %d takes %v for the parents of %s, another one %v", inv.Shard, parents, host, known)
			}
			up[host] = parents
		}
	}
	return up
}

// A chain of three shards and back into the first, and a host that nothing ties to it.
func TestAHostThatAsksForItMayLieInAnotherShardThanItsParents(t *testing.T) {
	c := load(t, "", basis+hostsOf("core", "dist core _SHARD_CUT 1", "edge dist _SHARD_CUT 1", "leaf edge,core", "other", "tidy core _SHARD_CUT 0"))
	home := map[string]monitor.Shard{"core": 0, "dist": 1, "edge": 2, "leaf": 2, "other": 3, "tidy": 0, "apart": 3}
	r := compile.Compile(c, shards, 1, func(name string) (monitor.Shard, bool) { s, ok := home[name]; return s, ok })
	want := map[string]monitor.Shard{"core": 0, "dist": 1, "edge": 0, "leaf": 0, "other": 3, "tidy": 0, "apart": 3} // leaf is tied to core, and edge to leaf
	if diff := cmp.Diff(want, r.Directory.Hosts); diff != "" {
		t.Fatalf("homes (-want +got)\n%s", diff)
	}
	up := map[string][]string{"core": nil, "dist": {"core"}, "edge": {"dist"}, "leaf": {"core", "edge"}, "other": nil, "tidy": {"core"}, "apart": nil}
	if diff := cmp.Diff(up, waysUp(t, r)); diff != "" {
		t.Errorf("parents (-want +got)\n%s", diff)
	}
	watched := func(shard int) (all []string) {
		for _, w := range r.Inventories[shard].Watched {
			all = append(all, fmt.Sprint(r.Inventories[shard].Hosts[w.Host].Name, " by ", w.Shard))
		}
		return all
	}
	if got := [][]string{watched(0), watched(1), watched(3)}; !cmp.Equal(got, [][]string{{"core by 1"}, {"dist by 0"}, nil}) {
		t.Errorf("watched: %v", got)
	}
}

func TestHeavyPacksAreCutAndRealmsIfTheFilesSaySo(t *testing.T) {
	var lines []string
	for i := range 60 {
		parents := "-"
		if i > 0 {
			parents = fmt.Sprint("h", (i-1)/4)
		}
		lines = append(lines, fmt.Sprintf("h%d %s", i, parents))
	}
	for _, tt := range []struct {
		options string
		cuts    int
	}{{"", 0}, {"heavy_pack=20\n", 1}, {"heavy_pack=20\ncut_packs=never\n", 0}} {
		c := load(t, tt.options, basis+hostsOf(lines...))
		r := compile.Compile(c, shards, 1, nil)
		if len(r.Plan.Cuts) != tt.cuts {
			t.Errorf("%q: cuts %+v, want %d", tt.options, r.Plan.Cuts, tt.cuts)
		}
		up := map[string][]string{}
		for i := range c.Hosts {
			up[c.Hosts[i].Name] = nil
			for _, p := range c.Hosts[i].Parents {
				up[c.Hosts[i].Name] = append(up[c.Hosts[i].Name], c.Hosts[p].Name)
			}
		}
		if diff := cmp.Diff(up, waysUp(t, r)); diff != "" {
			t.Errorf("%q: parents (-want +got)\n%s", tt.options, diff)
		}
	}
	realms := "define realm {\n realm_name North\n default 1\n}\ndefine realm {\n realm_name South\n}\n"
	two := hostsOf("core", "near core realm North", "far core realm South", "farther far realm South")
	for _, tt := range []struct {
		options string
		packs   int
	}{{"", 2}, {"cut_packs=realms\n", 3}} {
		if p := compile.Plan(load(t, tt.options, basis+realms+two), shards, nil); p.Packs != tt.packs {
			t.Errorf("%q: %d packs, want %d", tt.options, p.Packs, tt.packs)
		}
	}
}

func TestWrongOptionsOfPacksAreRefused(t *testing.T) {
	main := filepath.Join(t.TempDir(), "main.cfg")
	for _, text := range []string{"cut_packs=sometimes\n", "heavy_pack=0\n", "heavy_pack=many\n"} {
		if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, report := objects.Load(main, objects.Opts{}); !slices.ContainsFunc(report.Problems, func(p objects.Problem) bool {
			return p.Severity == objects.Error && strings.Contains(p.Text, strings.Split(text, "=")[0])
		}) {
			t.Errorf("%q is taken: %+v", text, report.Problems)
		}
	}
}
