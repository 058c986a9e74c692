package service

import (
	"fmt"
	"math"
	"path"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// psKind is the processes of one program.
func psKind() Kind {
	return Kind{
		Name:     "ps",
		Sections: []string{"ps_lnx", "ps"},
		// What must run is for people to say.
		Discover: func(*Input) []Found { return nil },
		Check:    checkPS,
		Takes: map[string]string{
			"match":  "the program, or ~REGEX for the command line from its start (the item: the program's name)",
			"user":   "whose processes count, or ~REGEX",
			"cgroup": "the control group, or ~REGEX",
			"cpu":    "WARN,CRIT for the processor time of all together, in percent of one core",
			"mem":    "WARN,CRIT for the resident memory of all together: 1G,2G",
			"age":    "WARN,CRIT for the age of the oldest: 30d,60d, or 1m: for at least a minute",
		},
	}
}

// process is a line of ps.
type process struct {
	user, cgroup, pid, command string
	virtual, resident          float64 // bytes
	cpu, age                   float64 // seconds; NaN if the agent does not say
	windows                    bool
}

// program is the first word of the command line, which Windows agents set apart from the others.
func (p *process) program() string {
	if p.windows {
		return p.command
	}
	name, _, _ := strings.Cut(p.command, " ")
	return name
}

// mostProcesses is how many lines are read: so many are ten megabytes of output.
const mostProcesses = 64 << 10

// processes reads ps_lnx, whose first line names the columns, and ps, with figures in brackets before the command.
func processes(s *section.Section) (all []process, whole bool) {
	var header []string
	lines := 0
	for part, columns := range s.Rows() {
		if lines++; lines > mostProcesses {
			return all, false
		}
		if columns[0] == "[header]" {
			header = columns[1:]
			continue
		}
		var p process
		var ok bool
		switch {
		case strings.HasPrefix(columns[0], "("):
			ok = p.bracket(part, columns)
		case header != nil:
			ok = p.row(header, columns)
		}
		if ok {
			all = append(all, p)
		}
	}
	return all, true
}

// row reads a line by the names of its columns, of which COMMAND is the last.
func (p *process) row(header, columns []string) bool {
	if len(columns) > 1 && columns[1] == "(deleted)" && header[0] == "CGROUP" {
		columns = append([]string{columns[0] + " (deleted)"}, columns[2:]...)
	}
	last := len(header) - 1
	if last < 1 || len(columns) <= last {
		return false
	}
	p.cpu, p.age = math.NaN(), math.NaN()
	for i, name := range header[:last] {
		text := columns[i]
		ok := true
		switch strings.ToUpper(name) {
		case "USER":
			p.user = text
		case "CGROUP":
			p.cgroup = text
		case "PID":
			p.pid = text
		case "VSZ":
			p.virtual, ok = numeral(text)
			p.virtual *= 1024
		case "RSS":
			p.resident, ok = numeral(text)
			p.resident *= 1024
		case "TIME":
			p.cpu = clock(text)
		case "ELAPSED":
			p.age = clock(text)
		}
		if !ok {
			return false
		}
	}
	p.command = strings.Join(columns[last:], " ")
	return true
}

// bracket reads (USER,VSZ,RSS,TIME/ELAPSED,PID) COMMAND, of which older agents say a part only, and what Windows agents say:
// (USER,VIRTUAL,RESIDENT,0,PID,PAGEFILE,USERTIME,KERNELTIME,HANDLES,THREADS,UPTIME), the times in 100 ns.
func (p *process) bracket(part *section.Part, columns []string) bool {
	line := strings.Join(columns, " ")
	if part.Separator > 0 {
		line = strings.Join(columns, string(rune(part.Separator)))
	}
	inner, command, ok := strings.Cut(line[1:], ")")
	p.command = strings.TrimSpace(command)
	if !ok || p.command == "" {
		return false
	}
	fields := append(strings.Split(inner, ","), make([]string, 11)...)
	p.user, p.pid = fields[0], fields[4]
	p.virtual, p.resident = numberOr(fields[1], 0)*1024, numberOr(fields[2], 0)*1024
	cpu, age, both := strings.Cut(fields[3], "/")
	p.cpu, p.age = math.NaN(), math.NaN()
	if both {
		p.cpu, p.age = clock(cpu), clock(age)
	}
	if user, ok := numeral(fields[6]); ok {
		p.windows = true
		p.cpu = (user + numberOr(fields[7], 0)) / 1e7
		p.age = numberOr(fields[10], math.NaN())
	}
	return true
}

// clock reads [[DD-]HH:]MM:SS, or seconds alone, in seconds; NaN if it is none.
func clock(text string) float64 {
	total := 0.0
	if days, rest, ok := strings.Cut(text, "-"); ok {
		d, fine := numeral(days)
		if !fine {
			return math.NaN()
		}
		total, text = d*86400, rest
	}
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return math.NaN()
	}
	seconds := 0.0
	for _, part := range parts {
		v, ok := numeral(part)
		if !ok || v < 0 {
			return math.NaN()
		}
		seconds = seconds*60 + v
	}
	return total + seconds
}

// chosen gives the processes that the options name.
func chosen(in *Input, r *Report, all []process) []process {
	match, byMatch := in.matching(r, "match")
	user, byUser := in.matching(r, "user")
	group, byGroup := in.matching(r, "cgroup")
	var some []process
	for _, p := range all {
		program := p.program()
		switch {
		case byUser && !user.matches(p.user), byGroup && !group.matches(p.cgroup):
			continue
		case !byMatch && in.Item != program && in.Item != path.Base(program):
			continue
		case byMatch && strings.HasPrefix(match.text, "~") && !match.matches(p.command):
			continue
		case byMatch && !strings.HasPrefix(match.text, "~") && !match.matches(program) && !match.matches(path.Base(program)):
			continue
		}
		some = append(some, p)
	}
	return some
}

func checkPS(in *Input, r *Report) {
	all, whole := processes(in.first("ps_lnx", "ps"))
	levels := in.Levels(r, Lower(math.NaN(), 1))
	cpu, mem, age := in.Pair(r, "cpu", None()), in.Pair(r, "mem", None()), in.Pair(r, "age", None())
	if len(all) == 0 {
		r.Say(monitor.Unknown, "the agent shows no processes")
		return
	}
	if !whole {
		r.Say(monitor.Warning, fmt.Sprintf("the agent shows more than %d processes: the others are not looked at", mostProcesses))
	}
	some := chosen(in, r, all)
	r.Measure("Processes", Measured("count", float64(len(some)), "").By(levels).Within(0, math.NaN()), showCount)
	if len(some) == 0 {
		return
	}
	virtual, resident, oldest, youngest := 0.0, 0.0, math.Inf(-1), math.Inf(1)
	for _, p := range some {
		virtual, resident = virtual+p.virtual, resident+p.resident
		if !math.IsNaN(p.age) {
			oldest, youngest = max(oldest, p.age), min(youngest, p.age)
		}
	}
	r.Metric(Measured("vsz", virtual, "B").Within(0, math.NaN()))
	r.Measure("resident memory", Measured("rss", resident, "B").By(mem).Within(0, math.NaN()), showBytes)
	switch total, told, rated := cpuOf(in, some); {
	case rated:
		r.Measure("CPU", Measured("pcpu", 100*total, "%").By(cpu).Within(0, math.NaN()), showPercent)
	case told:
		r.Wait("CPU")
	}
	if oldest >= 0 {
		r.Metric(Measured("age_youngest", youngest, "s").Within(0, math.NaN()))
		r.Measure("oldest runs for", Measured("age_oldest", oldest, "s").By(age).Within(0, math.NaN()), showSpan)
	}
}

// cpuOf gives the processor time that the processes took in a second, by what each took since the last look. One that is new
// is known from the next look on. told says that the agent tells their times, rated that one of them is known.
func cpuOf(in *Input, some []process) (total float64, told, rated bool) {
	for _, p := range some {
		if math.IsNaN(p.cpu) || p.pid == "" {
			continue
		}
		// A number that was given to another program since is another counter.
		rate, ok := in.Counters.Rate("ps."+p.pid+"."+p.program(), p.cpu, in.Now, 0)
		total, told, rated = total+rate, true, rated || ok
	}
	return total, told, rated
}
