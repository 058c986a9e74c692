package objects

// key names a directive whatever its kind or spelling. Those that the code looks at have constants; the others get
// numbers after them.
type key uint16

// The directives that the code looks at.
const (
	// keyVar marks a custom variable, keyFree a directive of a kind that takes any: their items hold name and value.
	keyVar key = iota
	keyFree
	keyUse
	keyName
	keyRegister
	keyHostName
	keyHostgroupName
	keyServiceDescription
	keyServicegroupName
	keyContactName
	keyContactgroupName
	keyCommandName
	keyCommandLine
	keyTimeperiodName
	keyAlias
	keyDisplayName
	keyAddress
	keyParents
	keyHostgroups
	keyServicegroups
	keyContactGroups
	keyContacts
	keyMembers
	keyHostgroupMembers
	keyServicegroupMembers
	keyContactgroupMembers
	keyCheckCommand
	keyCheckPeriod
	keyCheckInterval
	keyRetryInterval
	keyMaxCheckAttempts
	keyActiveChecks
	keyPassiveChecks
	keyObsess
	keyEventHandler
	keyEventHandlerEnabled
	keyCheckFreshness
	keyFreshnessThreshold
	keyLowFlap
	keyHighFlap
	keyFlapDetection
	keyFlapOptions
	keyPerfdata
	keyNotificationInterval
	keyFirstDelay
	keyNotificationPeriod
	keyNotificationOptions
	keyNotifications
	keyStalkingOptions
	keyNotes
	keyNotesURL
	keyActionURL
	keyIconImage
	keyInitialState
	keyVolatile
	keyRealm
	keyPollerTag
	keyReactionnerTag
	keyBusinessImpact
	keyDuplicateForeach
	keyDefaultValue
	keyEscalations
	keyExclude
	keyTimeout
	keyModuleType
	keyEmail
	keyPager
	keyAddress1
	keyAddress2
	keyAddress3
	keyAddress4
	keyAddress5
	keyAddress6
	keyContactgroups
	keyHostNotifications
	keyServiceNotifications
	keyHostNotificationPeriod
	keyServiceNotificationPeriod
	keyHostNotificationOptions
	keyServiceNotificationOptions
	keyHostNotificationCommands
	keyServiceNotificationCommands
	keyCanSubmit
	keyMinImpact
	keyNotificationways
	keyDependentHostName
	keyDependentHostgroupName
	keyDependentServiceDescription
	keyDependentServicegroupName
	keyInheritsParent
	keyExecutionFailure
	keyNotificationFailure
	keyDependencyPeriod
	keyFirstNotification
	keyLastNotification
	keyFirstTime
	keyLastTime
	keyEscalationPeriod
	keyEscalationOptions
	keyRealmName
	keyRealmMembers
	keyHigherRealms
	keyDefault
	keyModuleName
	keyModules
	keyPort
	keySpare
	keySubRealms
	keyWeight
	keyPollerTags
	keyReactionnerTags
	keyEscalationName
	keyNotificationwayName
	keyMaintenancePeriod
	keySnapshotEnabled
	keySnapshotCommand
	keySnapshotPeriod
	keySnapshotCriteria
	keySnapshotInterval
	keyResultmodulations
	keyCheckmodulations
	keyMacromodulations
	keyImpactModulations
	keyImportance
	keyMinImportance
	keyHostDependency
	keyServiceDependencies
	keyLabels
	keyRuleOutput
	keyRuleSmart
	keyRuleDowntime
	keyRuleHostOptions
	keyRuleServiceOptions
	keyModulationPeriod
	keyExitCodesMatch
	keyExitCode
	keyTranslationName
	keyPolicyName
	keyRuleName
	keySourceName
	keySourceRegex
	keySourceHostgroup
	keyHostRegex
	keyCase
	keyDropDomain
	keyMap
	keyAllow
	keyAllowRegex
	keyRefuse
	keyRefuseRegex
	keyMost
	keyPiggyback
	keyMaxAge
	keyValidityPeriod
	keyValidityState
	keyHostUse
	keyServiceUse
	keySite
	keyServices
	keyRemoveAfter
	keyEnabled
	keyTrigger
	keyTriggerName
	keyCodeSrc
	numKeys
)

// keyNames are the first spellings of the constants above.
var keyNames = [numKeys]string{
	keyVar: "_custom variable", keyFree: "setting",
	keyUse: "use", keyName: "name", keyRegister: "register",
	keyHostName: "host_name", keyHostgroupName: "hostgroup_name",
	keyServiceDescription: "service_description", keyServicegroupName: "servicegroup_name",
	keyContactName: "contact_name", keyContactgroupName: "contactgroup_name",
	keyCommandName: "command_name", keyCommandLine: "command_line", keyTimeperiodName: "timeperiod_name",
	keyAlias: "alias", keyDisplayName: "display_name", keyAddress: "address", keyParents: "parents",
	keyHostgroups: "hostgroups", keyServicegroups: "servicegroups",
	keyContactGroups: "contact_groups", keyContacts: "contacts", keyMembers: "members",
	keyHostgroupMembers: "hostgroup_members", keyServicegroupMembers: "servicegroup_members",
	keyContactgroupMembers: "contactgroup_members",
	keyCheckCommand:        "check_command", keyCheckPeriod: "check_period",
	keyCheckInterval: "check_interval", keyRetryInterval: "retry_interval", keyMaxCheckAttempts: "max_check_attempts",
	keyActiveChecks: "active_checks_enabled", keyPassiveChecks: "passive_checks_enabled", keyObsess: "obsess",
	keyEventHandler: "event_handler", keyEventHandlerEnabled: "event_handler_enabled",
	keyCheckFreshness: "check_freshness", keyFreshnessThreshold: "freshness_threshold",
	keyLowFlap: "low_flap_threshold", keyHighFlap: "high_flap_threshold",
	keyFlapDetection: "flap_detection_enabled", keyFlapOptions: "flap_detection_options",
	keyPerfdata: "process_perf_data", keyNotificationInterval: "notification_interval",
	keyFirstDelay: "first_notification_delay", keyNotificationPeriod: "notification_period",
	keyNotificationOptions: "notification_options", keyNotifications: "notifications_enabled",
	keyStalkingOptions: "stalking_options",
	keyNotes:           "notes", keyNotesURL: "notes_url", keyActionURL: "action_url", keyIconImage: "icon_image",
	keyInitialState: "initial_state", keyVolatile: "is_volatile", keyRealm: "realm",
	keyPollerTag: "poller_tag", keyReactionnerTag: "reactionner_tag", keyBusinessImpact: "business_impact",
	keyDuplicateForeach: "duplicate_foreach", keyDefaultValue: "default_value", keyEscalations: "escalations",
	keyExclude: "exclude", keyTimeout: "timeout", keyModuleType: "module_type",
	keyEmail: "email", keyPager: "pager",
	keyAddress1: "address1", keyAddress2: "address2", keyAddress3: "address3",
	keyAddress4: "address4", keyAddress5: "address5", keyAddress6: "address6",
	keyContactgroups: "contactgroups", keyHostNotifications: "host_notifications_enabled",
	keyServiceNotifications:        "service_notifications_enabled",
	keyHostNotificationPeriod:      "host_notification_period",
	keyServiceNotificationPeriod:   "service_notification_period",
	keyHostNotificationOptions:     "host_notification_options",
	keyServiceNotificationOptions:  "service_notification_options",
	keyHostNotificationCommands:    "host_notification_commands",
	keyServiceNotificationCommands: "service_notification_commands",
	keyCanSubmit:                   "can_submit_commands", keyMinImpact: "min_business_impact",
	keyNotificationways: "notificationways", keyDependentHostName: "dependent_host_name",
	keyDependentHostgroupName:      "dependent_hostgroup_name",
	keyDependentServiceDescription: "dependent_service_description",
	keyDependentServicegroupName:   "dependent_servicegroup_name",
	keyInheritsParent:              "inherits_parent", keyExecutionFailure: "execution_failure_criteria",
	keyNotificationFailure: "notification_failure_criteria", keyDependencyPeriod: "dependency_period",
	keyFirstNotification: "first_notification", keyLastNotification: "last_notification",
	keyFirstTime: "first_notification_time", keyLastTime: "last_notification_time",
	keyEscalationPeriod: "escalation_period", keyEscalationOptions: "escalation_options",
	keyRealmName: "realm_name", keyRealmMembers: "realm_members", keyHigherRealms: "higher_realms",
	keyDefault: "default", keyModuleName: "module_name", keyModules: "modules",
	keyPort: "port", keySpare: "spare", keySubRealms: "manage_sub_realms", keyWeight: "weight",
	keyPollerTags: "poller_tags", keyReactionnerTags: "reactionner_tags",
	keyEscalationName: "escalation_name", keyNotificationwayName: "notificationway_name",
	keyMaintenancePeriod: "maintenance_period", keySnapshotEnabled: "snapshot_enabled",
	keySnapshotCommand: "snapshot_command", keySnapshotPeriod: "snapshot_period",
	keySnapshotCriteria: "snapshot_criteria", keySnapshotInterval: "snapshot_interval",
	keyResultmodulations: "resultmodulations", keyCheckmodulations: "checkmodulations",
	keyMacromodulations: "macromodulations", keyImpactModulations: "business_impact_modulations",
	keyImportance: "importance", keyMinImportance: "minimum_importance",
	keyHostDependency: "host_dependency_enabled", keyServiceDependencies: "service_dependencies", keyLabels: "labels",
	keyRuleOutput: "business_rule_output_template", keyRuleSmart: "business_rule_smart_notifications",
	keyRuleDowntime:       "business_rule_downtime_as_ack",
	keyRuleHostOptions:    "business_rule_host_notification_options",
	keyRuleServiceOptions: "business_rule_service_notification_options",
	keyModulationPeriod:   "modulation_period", keyExitCodesMatch: "exit_codes_match",
	keyExitCode:        "exit_code_modulation",
	keyTranslationName: "translation_name", keyPolicyName: "policy_name", keyRuleName: "rule_name",
	keySourceName: "source_name", keySourceRegex: "source_regex", keySourceHostgroup: "source_hostgroup_name",
	keyHostRegex: "host_regex", keyCase: "case", keyDropDomain: "drop_domain", keyMap: "map",
	keyAllow: "allow", keyAllowRegex: "allow_regex", keyRefuse: "refuse", keyRefuseRegex: "refuse_regex", keyMost: "most",
	keyPiggyback: "piggyback", keyMaxAge: "max_age", keyValidityPeriod: "validity_period", keyValidityState: "validity_state",
	keyHostUse: "host_use", keyServiceUse: "service_use", keySite: "site", keyServices: "services",
	keyRemoveAfter: "remove_after", keyEnabled: "enabled",
	keyTrigger: "trigger", keyTriggerName: "trigger_name", keyCodeSrc: "code_src",
}
