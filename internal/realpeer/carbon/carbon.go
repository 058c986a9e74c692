// Package carbon knows how tests run Debian's carbon-cache, and what it has written: the points in its whisper files.
package carbon

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

// Carbon is a carbon-cache with a store of its own, which may be stopped and started again.
type Carbon struct {
	// Line and Pickle are the TCP ports where it takes metrics; Line takes datagrams too.
	Line, Pickle int
	t            testing.TB
	dir          string
	process      *realpeer.Process
}

// New makes the folders of a carbon, and Start it; points is how many each file holds, one a second.
func New(t testing.TB, points int) *Carbon {
	t.Helper()
	c := &Carbon{t: t, dir: realpeer.Dir(t), Line: realpeer.Port(t), Pickle: realpeer.Port(t)}
	realpeer.File(t, c.dir, "storage-schemas.conf", fmt.Sprintf("[all]\npattern = .*\nretentions = 1s:%ds\n", points))
	realpeer.File(t, c.dir, "carbon.conf", strings.NewReplacer("$DIR", c.dir, "$LINE", strconv.Itoa(c.Line), "$PICKLE", strconv.Itoa(c.Pickle), "$QUERY", strconv.Itoa(realpeer.Port(t))).Replace(
		`[cache]
STORAGE_DIR = $DIR
LOCAL_DATA_DIR = $DIR/whisper
CONF_DIR = $DIR
LOG_DIR = $DIR
PID_DIR = $DIR
USER =
MAX_CACHE_SIZE = inf
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
CARBON_METRIC_INTERVAL = 0
ENABLE_TAGS = False
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = $LINE
ENABLE_UDP_LISTENER = True
UDP_RECEIVER_INTERFACE = 127.0.0.1
UDP_RECEIVER_PORT = $LINE
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = $PICKLE
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = $QUERY
LOG_UPDATES = False
LOG_CREATES = False
LOG_LISTENER_CONN_SUCCESS = False
`))
	return c
}

// Start starts it and waits until it takes connections. It ends with the test.
func (c *Carbon) Start() {
	c.t.Helper()
	program := realpeer.Program(c.t, "carbon-cache", "graphite-carbon")
	c.process = realpeer.Start(c.t, program, "--config="+filepath.Join(c.dir, "carbon.conf"), "--pidfile="+filepath.Join(c.dir, "pid"), "--nodaemon", "start")
	c.process.Listening(c.t, net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Pickle)))
}

// Stop ends it as an init system does. What it took within the last second it has not written, and forgets.
func (c *Carbon) Stop() { c.process.Stop() }

// Until waits until something is true of the carbon that runs.
func (c *Carbon) Until(what string, ready func() error) {
	c.t.Helper()
	c.process.Until(c.t, what, ready)
}

// Point is a value of a metric.
type Point struct {
	At    int64
	Value float64
}

// Metrics gives the names of all metrics that it has a file of.
func (c *Carbon) Metrics() []string {
	c.t.Helper()
	root := filepath.Join(c.dir, "whisper")
	var names []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(path, ".wsp"); ok && err == nil {
			rel, _ := filepath.Rel(root, name) // it begins with root
			names = append(names, strings.ReplaceAll(rel, "/", "."))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	return names
}

// Points gives what is in a metric's file, in no order; nothing if there is no file.
func (c *Carbon) Points(metric string) []Point {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, "whisper", strings.ReplaceAll(metric, ".", "/")+".wsp"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return read(data)
}

// The head of a whisper file (whisper.py of whisper 1.1), all in big endian.
type (
	metadata struct {
		Aggregation, Retention uint32
		XFilesFactor           float32
		Archives               uint32
	}
	archive struct{ Offset, Step, Points uint32 }
)

// read gives the points of the first archive of a file; none of one that carbon is about to make.
func read(data []byte) (points []Point) {
	var m metadata
	var a archive
	r := bytes.NewReader(data)
	for _, part := range []any{&m, &a} {
		if err := binary.Read(r, binary.BigEndian, part); err != nil {
			return nil
		}
	}
	const size = 12
	if m.Archives == 0 || int(a.Offset)+size*int(a.Points) > len(data) {
		return nil
	}
	for p := data[a.Offset:][:size*a.Points]; len(p) > 0; p = p[size:] {
		if at := binary.BigEndian.Uint32(p); at != 0 {
			points = append(points, Point{int64(at), math.Float64frombits(binary.BigEndian.Uint64(p[4:]))})
		}
	}
	return points
}
