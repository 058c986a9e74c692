package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// understoodOptions are those that Nagios 4.5 (base/config.c) or Shinken 2.4 (shinken/objects/config.py) know and that
// have no place in the Config: by what is lost with them, by form, then by who knows them. "name=value" gives the value
// that asks for what Onbu does in any case.
func understoodOptions() []option {
	var list []option
	add := func(e effect, f form, shinken bool, names string) {
		for n := range strings.FieldsSeq(names) {
			name, usual, _ := strings.Cut(n, "=")
			list = append(list, option{names: name, form: f, effect: e, usual: usual, shinken: shinken})
		}
	}
	add(missed, text, false, `ocsp_command ochp_command broker_module host_perfdata_command service_perfdata_command
		host_perfdata_file service_perfdata_file`)
	add(missed, number, false, `retained_host_attribute_mask=0 retained_service_attribute_mask=0
		retained_process_host_attribute_mask=0 retained_process_service_attribute_mask=0
		retained_contact_host_attribute_mask=0 retained_contact_service_attribute_mask=0`)
	add(missed, flag, false, `use_retained_program_state=1`)
	add(missed, number, true, `timeout_exit_status=2`)
	add(moot, text, false, `loadctl_options query_socket debug_file temp_file temp_path check_result_path
		lock_file nagios_user nagios_group log_rotation_method log_archive_path
		service_inter_check_delay_method host_inter_check_delay_method service_interleave_factor
		status_file state_retention_file object_cache_file precached_object_file
		host_perfdata_file_template service_perfdata_file_template
		host_perfdata_file_mode service_perfdata_file_mode
		host_perfdata_file_processing_command service_perfdata_file_processing_command
		xcddefault_comment_file xcddefault_downtime_file xrddefault_retention_file xsddefault_status_log
		comment_file downtime_file service_check_timeout_message`)
	add(moot, number, false, `check_workers debug_level debug_verbosity max_debug_file_size max_check_result_file_age
		retention_update_interval retention_scheduling_horizon
		ocsp_timeout ochp_timeout perfdata_timeout
		max_service_check_spread max_host_check_spread check_result_reaper_frequency service_reaper_frequency
		max_check_result_reaper_time auto_rescheduling_interval auto_rescheduling_window
		host_freshness_check_interval status_update_interval time_change_threshold event_broker_options
		host_perfdata_file_processing_interval service_perfdata_file_processing_interval`)
	add(moot, flag, false, `use_syslog log_notifications log_service_retries log_host_retries log_event_handlers
		log_initial_states log_current_states use_retained_scheduling_info
		auto_reschedule_checks check_for_orphaned_services check_for_orphaned_hosts daemon_dumps_core
		use_large_installation_tweaks free_child_process_memory child_processes_fork_twice
		check_for_updates bare_update_check
		host_perfdata_process_empty_results service_perfdata_process_empty_results`)
	add(moot, ignored, false, `sleep_time command_check_interval enable_failure_prediction enable_embedded_perl
		use_embedded_perl_implicitly auth_file p1_file external_command_buffer_slots aggregate_status_updates`)
	add(moot, text, true, `prefix workdir config_base_dir modules_dir modulesdir log_level local_log
		shinken_user shinken_group http_backend ca_cert server_cert server_key pack_distribution_file
		webui_lock_file webui_host api_key secret http_proxy statsd_host statsd_prefix statsd_types statsd_pattern
		resource_macros_names bare_update_checks daemon_name pidfile host user group interface`)
	add(moot, number, true, `daemon_thread_pool_size max_plugins_output_length
		cleaning_queues_interval runners_timeout webui_port statsd_port statsd_interval modified_attributes port`)
	add(moot, flag, true, `use_local_log idontcareaboutsecurity daemon_enabled graceful_enabled aggressive_memory_management
		disable_old_nagios_parameters_whining
		use_ssl hard_ssl_name_check human_timestamp_log strip_idname_fqdn
		use_multiprocesses_serializer statsd_enabled`)
	return list
}

// optionTable makes both lists one, by spelling.
func (l *loader) optionTable() map[string]option {
	table := map[string]option{}
	for _, o := range slices.Concat(l.actedOptions(), l.stateOptions(), l.packOptions(), l.keptOptions(), understoodOptions()) {
		for n := range strings.FieldsSeq(o.names) {
			table[n] = o
		}
	}
	return table
}

// shinkenDefaults sets what Shinken takes for granted and Nagios does not, where the main file is silent.
func (l *loader) shinkenDefaults() {
	if !l.shinken {
		return
	}
	o := &l.config.Options
	p := &o.Program
	for option, set := range map[string]func(){
		"enable_flap_detection":        func() { p.HostSwitches |= monitor.FlapDetection; p.ServiceSwitches |= monitor.FlapDetection },
		"process_performance_data":     func() { p.HostSwitches |= monitor.ProcessPerfdata; p.ServiceSwitches |= monitor.ProcessPerfdata },
		"check_host_freshness":         func() { p.HostSwitches |= monitor.FreshnessChecks },
		"cached_host_check_horizon":    func() { o.CachedHostCheck = 0 },
		"cached_service_check_horizon": func() { o.CachedServiceCheck = 0 },
		"illegal_object_name_chars":    func() { o.IllegalNameChars = illegalChars },
	} {
		if _, said := l.optionPos[option]; !said {
			set()
		}
	}
}

// illegalChars are those that Shinken's names may not have.
const illegalChars = "`~!$%^&*\"|'<>?,()="
