package agent

import (
	"fmt"
	"hash/fnv"
)

// outlet names the output among those of one host: the same word for the same way of fetching it, by however many command
// lines. It is made of small letters, digits and a dash.
func (o origin) outlet() string {
	word := map[way]string{byTCP: "port", byTLS: "port", byProgram: "program", byFile: "file", bySSH: "ssh"}[o.way]
	sum := fnv.New32a()
	fmt.Fprintf(sum, "%s\x00%s\x00%d", o.host, o.program, o.port)
	return fmt.Sprintf("%s-%08x", word, sum.Sum32())
}
