package objects

// Load reads the configuration whose main file is at path. It always gives both: the Config is complete only when the
// Report is OK, otherwise it holds what could be understood.
func Load(path string, opts Opts) (*Config, *Report) {
	l := newLoader(path, opts)
	l.load()
	return l.config, l.report()
}
